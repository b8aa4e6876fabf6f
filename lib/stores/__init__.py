"""The outside world, one driver a module. Only these modules know boto3 and SQLAlchemy."""
