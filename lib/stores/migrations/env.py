"""Alembic's entry: runs the versions on the connection that ``ledger_migration`` opened and will commit."""

from __future__ import annotations

from alembic import context

attributes = context.config.attributes
context.configure(connection=attributes["connection"], version_table=attributes["version_table"])
context.run_migrations()
