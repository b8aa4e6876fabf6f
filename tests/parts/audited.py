"""A book of runs in memory with a full check in it, for whatever reads one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from lib.audit_book import Desk
from lib.audits import Options, Progress, Result, Run, Status
from lib.catalogue import Code, Severity
from lib.errors import LedgerUnavailable
from lib.evidence import Evidence
from lib.findings import Facts, Finding, Kind, Suggestion
from lib.services import Services
from lib.stores.memory.audits import MemoryAudits
from lib.stores.memory.findings import MemoryFindings

TARGET = "edrspace"


class Audited:
    """The book, its desk, and the services of somebody with that desk."""

    def __init__(self, services: Services) -> None:
        self.audits = MemoryAudits(clock=services.clock)
        self.launched: list[Run] = []
        self.desk = Desk(self.audits, MemoryFindings(self.audits), TARGET, self.launched.append)
        self.services = replace(services, audits=self.desk)

    def broken(self, fault: LedgerUnavailable | None) -> None:
        """Let the ledger fail, or mend it."""
        self.audits.fault = fault

    def check(
        self, findings: Sequence[Finding], *, at: datetime, status: Status = Status.COMPLETE, options: Options | None = None,
        records: int = 100,
    ) -> Run:  # fmt: skip
        """Add a run that ended with these findings."""
        states: dict[int, object] = {each.record_id: each.state for each in findings if each.record_id and each.state}
        result = Result(
            status,
            kinds=Counter(each.kind for each in findings),
            causes=Counter(each.code for each in findings if each.code),
            attention=len({each.record_id for each in findings if each.record_id and each.needs_attention}),
            states=Counter(states.values()),  # type: ignore[arg-type]
        )
        return self.ended(result, findings, at=at, options=options, records=records)

    def ended(
        self, result: Result, findings: Sequence[Finding] = (), *, at: datetime, options: Options | None = None,
        records: int = 100,
    ) -> Run:  # fmt: skip
        """Add a run that came to this."""
        worked = timedelta(seconds=12)
        run = self.audits.begin(TARGET, options or Options(), by="asha", at=at - worked)
        self.audits.keep(run, findings)
        return self.audits.end(run, result, progress=Progress(records=records, objects=records), at=at, worked=worked)


def missing(
    record_id: int, *, clinic_id: str | None = "CLN001", found_at: str | None = None, **changes: object
) -> Finding:
    """Return a row without object; with ``found_at``, its right object is proven to be there."""
    stored = f"prescriptions/pdfs/CON{record_id:03}/{record_id:032x}.pdf"
    finding = Finding(
        Kind.DANGLING_REFERENCE,
        Severity.HIGH,
        Code.NEVER_UPLOADED if found_at is None else Code.LOCATION_OLD,
        record_id=record_id,
        stored=stored,
        resolved=f"edrcontainer1/{stored}",
        evidence={"status": 404, "confirmed": True},
        suggestion=None if found_at is None else Suggestion(found_at, Evidence.PROVEN, is_safe=True),
        facts=Facts(patient_id=f"PAT{record_id:03}", clinic_id=clinic_id, is_mobile=True),
    )
    return replace(finding, **changes)  # type: ignore[arg-type]
