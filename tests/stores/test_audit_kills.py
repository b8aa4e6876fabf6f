"""A slice of the kills of ``tests.bench.audit_kill``: an audit that was killed and taken up again finds the same."""

from __future__ import annotations

from pathlib import Path

from tests.bench import audit_kill
from tests.parts.planted_growing import grow_few


def test_an_audit_that_was_killed_and_resumed_finds_what_an_undisturbed_one_does(tmp_path: Path) -> None:
    with audit_kill.clinic_of(300, grow=grow_few) as clinic:
        found = audit_kill.campaign(clinic, tmp_path, kills=2, seed=3)
    assert found.kills == 2
    assert found.different == 0
    assert found.phases["complete"] < 2, "one at least was killed while it worked"
