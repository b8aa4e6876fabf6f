"""A clinic in memory whose files were checked a few times, and "Check all files" drawn over it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from streamlit.testing.v1 import AppTest

from dashboard.visit import Who
from lib.access import Actor, Role, Scope
from lib.audit_book import Desk
from lib.audits import Options, Phase, Progress, Range, Result, Run, Status
from lib.catalogue import Code, Severity
from lib.evidence import Evidence
from lib.findings import Facts, Finding, Kind, Suggestion
from lib.stores.memory.audits import MemoryAudits
from lib.stores.memory.findings import MemoryFindings
from lib.stores.memory.pictures import MemoryPictures
from tests.conftest import NOW
from tests.screens.conftest import Bench, row

Maker = Callable[..., Bench]
TARGET = "bucket"
ASHA = Actor("Asha", Role.OWNER)
DEV = Actor("Dev", Role.DEVELOPER)
HALF = Progress(Phase.LISTING, records=1000, rows=500, objects=510, requests=9, ranges_done=8, ranges=16)
DONE = Progress(Phase.STORING, records=12011, rows=12011, objects=12030, requests=24, ranges_done=16, ranges=16)


@dataclass
class House:
    """The clinic, its book of runs, and which runs a process was asked to work."""

    shop: Bench
    book: MemoryAudits
    launched: list[Run] = field(default_factory=list)
    launch_fault: OSError | None = None

    def launch(self, run: Run) -> None:
        if self.launch_fault is not None:
            raise self.launch_fault
        self.launched.append(run)

    def run(
        self,
        found: Sequence[Finding] = (),
        *,
        ago: timedelta = timedelta(hours=3),
        result: Result | None = None,
        progress: Progress = DONE,
        options: Options | None = None,
    ) -> Run:
        """Keep a run that ended so long ago: complete, unless the result says otherwise."""
        self.shop.instant[0] = NOW - ago
        run = self.book.begin(TARGET, options or Options(), by="Asha", at=NOW - ago)
        self.book.cut(run, [Range(0, b"", None)], snapshot_at=NOW - ago)
        self.book.keep(run, found)
        states = MemoryFindings(self.book).states(run.run_id, scope=Scope())
        attention = len({each.record_id for each in found if each.needs_attention and each.record_id is not None})
        kinds = {kind: sum(each.kind is kind for each in found) for kind in Kind}
        causes = Counter(each.code for each in found if each.code is not None)
        whole = Result(Status.COMPLETE, kinds=kinds, causes=causes, attention=attention, states=states)
        ended = result or whole
        self.book.end(run, ended, progress=progress, at=NOW - ago, worked=timedelta(seconds=12))
        self.shop.instant[0] = NOW
        return run

    def under_way(
        self, progress: Progress = HALF, *, ago: timedelta = timedelta(0), options: Options | None = None
    ) -> Run:
        """Keep a run whose worker was last heard of so long ago."""
        self.shop.instant[0] = NOW - ago
        run = self.book.begin(TARGET, options or Options(), by="Asha", at=NOW - ago)
        self.book.beat(run, progress, worked=timedelta(seconds=5))
        self.shop.instant[0] = NOW
        return run

    def open(
        self, actor: Actor = ASHA, scope: Scope | None = None, *, who: Who | None = None, run: int | None = None
    ) -> AppTest:
        """Draw the screen."""
        services = replace(
            self.shop.visit.services,
            audits=Desk(
                self.book, MemoryFindings(self.book), TARGET, launch=self.launch, pictures=MemoryPictures(self.book)
            ),
        )
        visit = replace(self.shop.visit, services=services, who=who or (lambda: (actor, scope or Scope())))
        at = AppTest.from_function(_draw, kwargs={"visit": visit}, default_timeout=20)
        if run is not None:
            at.query_params["run"] = str(run)
        return at.run()


def house(bench: Maker, book: Callable[..., MemoryAudits] = MemoryAudits) -> House:
    """Return a clinic of three records, of which the files were never checked."""
    shop = bench(row(1), row(2), row(3), absent=(1, 2))
    return House(shop, book(clock=lambda: shop.instant[0]))


def missing(number: int, *, at: datetime = NOW - timedelta(days=40), code: Code = Code.LOCATION_OLD) -> Finding:
    """Return a row whose file lies below an old location, made on a phone."""
    key = f"prescriptions/pdfs/CON{number:03}/{number:032x}.pdf"
    return Finding(
        Kind.DANGLING_REFERENCE,
        Severity.HIGH,
        code,
        record_id=number,
        stored=f"old/{key}",
        resolved=f"edrcontainer1/old/{key}",
        suggestion=Suggestion(f"edrcontainer1/{key}", Evidence.PROVEN, is_safe=True, why=("md5_agrees",)),
        facts=Facts(f"PAT{number:03}", "CLN001", at, "7", is_mobile=True),
    )


def _draw(visit) -> None:  # type: ignore[no-untyped-def]  # AppTest runs the source alone: no names from here
    from dashboard.frame import show
    from pages import PAGES

    show(next(each for each in PAGES if each.url == "audit"), visit)
