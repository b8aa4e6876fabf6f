"""The findings of a run a page at a time: the worst first, each once, as far as the scope sees them."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle, islice

import pytest

from lib import audit_pages, audit_reading
from lib.access import Actor, Role, Scope
from lib.audit_pages import Place
from lib.catalogue import Severity
from lib.findings import WORST_FIRST, Finding
from lib.kept_findings import Chosen
from tests.conftest import NOW
from tests.core.clinic import bench
from tests.parts.audited import Audited, missing

DEV = Actor("Dev", Role.DEVELOPER)
MIXED = [
    replace(missing(number, clinic_id=f"CLN00{number % 2}"), severity=severity)
    for number, severity in enumerate(islice(cycle(reversed(WORST_FIRST)), 20), start=1)
]


def walked(book: Audited, *, chosen: Chosen, limit: int, scope: Scope) -> list[Finding]:
    """Return what all pages hold, one after the other."""
    groups = audit_reading.groups(DEV, scope, services=book.services, run_id=1)
    found, after = list[Finding](), audit_pages.beginning(groups)
    while page := audit_pages.page(
        DEV, scope, services=book.services, run_id=1, chosen=chosen, limit=limit, after=after
    ):
        assert len(page) <= limit
        found += (each for _, each in page)
        after = page[-1][0]
    return found


@pytest.mark.parametrize("limit", [1, 3, 4, 20, 21])
@pytest.mark.parametrize("scope", [Scope(), Scope(frozenset({"CLN001"}))], ids=["all", "one clinic"])
def test_every_finding_is_on_one_page_and_none_comes_after_a_lesser_one(limit: int, scope: Scope) -> None:
    book = Audited(bench().services)
    book.check(MIXED, at=NOW)
    seen = [each for each in MIXED if scope.sees(each.facts.clinic_id)]
    assert walked(book, chosen=Chosen(), limit=limit, scope=scope) == sorted(
        seen, key=lambda each: WORST_FIRST.index(each.severity)
    )


def test_a_text_narrows_all_pages() -> None:
    book = Audited(bench().services)
    book.check(MIXED, at=NOW)
    found = walked(book, chosen=Chosen(text="7"), limit=1, scope=Scope())
    assert 7 in {each.record_id for each in found}
    assert len(found) < len(MIXED)


def test_the_first_page_begins_at_the_worst_severity_that_there_is() -> None:
    book = Audited(bench().services)
    book.check([each for each in MIXED if each.severity not in {Severity.CRITICAL, Severity.HIGH}], at=NOW)
    groups = audit_reading.groups(DEV, Scope(), services=book.services, run_id=1)
    assert audit_pages.beginning(groups) == Place(Severity.MEDIUM)
