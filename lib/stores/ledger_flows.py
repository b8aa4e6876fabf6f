"""Which sign-ins at an identity provider were used up, in SQLite or PostgreSQL."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, delete, insert, select

from lib.stores import ledger_engine
from lib.stores.ledger_people_tables import SPENT_FLOWS

FLOWS_LOCK = 7_305_819_214_400_011  # PostgreSQL advisory lock


class LedgerFlows:
    """A SpentFlows. Replicas share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def spend(self, state_hash: str, *, at: datetime, ends_at: datetime) -> bool:
        """Commit that it is used up; False when it was. What has ended cannot come back, so it is forgotten."""
        with ledger_engine.writing(self._engine, lock=FLOWS_LOCK) as connection:
            connection.execute(delete(SPENT_FLOWS).where(SPENT_FLOWS.c.ends_at <= at))
            if connection.execute(select(SPENT_FLOWS).where(SPENT_FLOWS.c.state_hash == state_hash)).first():
                return False
            connection.execute(insert(SPENT_FLOWS), {"state_hash": state_hash, "ends_at": ends_at})
            return True
