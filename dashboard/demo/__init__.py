"""The demo clinic: synthetic records, small real PDFs and a guarded S3 in its own process."""
