"""A run belongs to one bucket: nobody works or stops it from a dashboard of another, though both share a ledger."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lib import auditing
from lib.access import Scope
from lib.audits import Options, Result, Status
from tests.conftest import NOW
from tests.core.clinic import ASHA, bench
from tests.parts.audited import TARGET, Audited


def test_a_run_of_another_bucket_is_neither_taken_up_nor_stopped() -> None:
    book = Audited(bench().services)
    theirs = replace(book.services, audits=replace(book.desk, target="another"))
    run = book.audits.begin(TARGET, Options(), by="asha", at=NOW)
    auditing.cancel(ASHA, Scope(), services=theirs, run_id=run.run_id)
    now = book.audits.run(run.run_id)
    assert now is not None
    assert not now.is_cancelling
    book.audits.end(run, Result(Status.INCOMPLETE), progress=run.progress, at=NOW, worked=NOW - NOW)
    with pytest.raises(LookupError):
        auditing.resume(ASHA, Scope(), services=theirs, run_id=run.run_id)
    assert book.launched == []
    assert auditing.resume(ASHA, Scope(), services=book.services, run_id=run.run_id).fence == 2
