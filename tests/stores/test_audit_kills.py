"""A slice of the kills of ``tests.bench.audit_kill``: an audit that was killed and taken up again finds the same."""

from __future__ import annotations

from pathlib import Path

from tests.bench import audit_kill
from tests.parts.audit_command import audit, differences
from tests.parts.planted_growing import grow_few

# The last phase asks for every file as a stranger, so that findings are in the book for a while before the run ends.
WORDS = ("--exposure", "full")


def test_an_audit_that_was_killed_twice_finds_what_was_planted(tmp_path: Path) -> None:
    with audit_kill.clinic_of(300, grow=grow_few) as clinic:
        ranges = audit_kill.once_there_is("audit_ranges", clinic.values)
        told = audit_kill.killed(clinic.values, *WORDS, out=tmp_path, is_time=ranges)
        assert told is not None, "it began"
        resume = ("--resume", str(told[0]))
        findings = audit_kill.once_there_is("audit_findings", clinic.values)
        told = audit_kill.killed(clinic.values, *resume, out=tmp_path, is_time=findings)
        assert told is not None
        assert told[1] != "complete"
        ended = audit(clinic.values, *resume, out=tmp_path)
    assert ended.json["status"] == "complete"
    assert ended.json["run_id"] == told[0]
    assert differences(clinic.planted, ended, public=clinic.planted.public) == []
