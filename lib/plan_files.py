"""The files of a plan, by name. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from lib.plan_copy import shell
from lib.plan_evidence import as_data
from lib.plan_signer import SIGNER
from lib.plan_sql import sql
from lib.plans import Plan


def files(plan: Plan, *, readme: str, made_at: datetime) -> Mapping[str, str]:
    """Return name and text of each file: README.txt and plan.json always, the others where there is something to do.

    The same plan gives the same bytes. ``readme`` is what people read first (``dashboard.wording``).
    """
    found = {
        "README.txt": readme,
        "copy.sh": shell(plan),
        "mend.sql": sql(plan),
        "signer.py": SIGNER if plan.needs_signer else "",
        "plan.json": json.dumps(_data(plan, made_at), indent=1) + "\n",
    }
    return {name: text for name, text in found.items() if text}


def _data(plan: Plan, made_at: datetime) -> dict[str, object]:
    rules = plan.site.rules
    return {
        "schema": 1,
        "made_at": made_at.astimezone(UTC).isoformat(timespec="seconds"),
        "bucket": rules.bucket,
        "location": rules.location,
        "include_likely": plan.include_likely,
        "repoint": [
            {
                "record_id": step.record_id,
                "code": step.code,
                "old": step.old,
                "new": step.new,
                "candidate": as_data(step.candidate),
            }
            for step in plan.repoints
        ],
        "copy": [
            {
                "record_id": step.record_id,
                "code": step.code,
                "source": step.source,
                "target": step.target,
                "needs_another_plan": step.needs_another_plan,
                "candidate": as_data(step.candidate),
            }
            for step in plan.copies
        ],
        "left": [
            {
                "record_id": each.record_id,
                "code": each.code,
                "reason": each.reason,
                "stored": each.stored,
                "best": None if each.best is None else as_data(each.best),
            }
            for each in plan.left
        ],
        "truncated": plan.is_cut,
    }
