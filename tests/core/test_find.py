"""Finding and opening records: what is asked, what is shown, and what the trail says about it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lib import search
from lib.access import Actor, Role, Scope
from lib.errors import DatabaseFault, DatabaseUnavailable, LedgerFault, LedgerUnavailable, NotAllowed
from lib.records import Cursor, Filters, IndexKind, MissingIndex, NameContains, Page, Term
from lib.search import Found, Kind
from lib.stores.memory.records import MemoryRecords
from lib.stores.memory.trail import MemoryTrail
from lib.trail import Intact, verify
from tests.conftest import NOW
from tests.core.clinic import ANOTHER, ASHA, EVERYWHERE, KEY, RECORD, STORED, Bench, bench

NORTH = Scope(frozenset({"CLN1"}))
AUDITOR = Actor("meera", Role.AUDITOR)
OLDER = replace(
    RECORD, record_id=11, version=1, is_current=False, stored_key="prescriptions/pdfs/CON153/old.pdf",
    generated_at=NOW - timedelta(days=13),
)  # fmt: skip
WITHOUT_PDF = replace(
    RECORD, record_id=None, prescription_id=9, consultation_id=None, patient_id="PAT003", patient_name="Dev Synthetic",
    clinic_id=None, clinic_name=None, stored_key=None, version=None, versions=0, latest_version=None,
    is_current=False, generated_at=None, size_bytes=None, checksum="", patient_phone="+919123400012",
)  # fmt: skip
READ_ONLY = LedgerUnavailable(LedgerFault.READ_ONLY)


def clinic(**parts: Any) -> Bench:
    return bench(RECORD, OLDER, ANOTHER, WITHOUT_PDF, **parts)


def found(
    where: Bench, text: str, *, scope: Scope = EVERYWHERE, filters: Filters | None = None, limit: int = 25,
    after: Cursor | None = None,
) -> Found:  # fmt: skip
    return search.find(
        ASHA, scope, services=where.services, text=text, filters=filters or Filters(), limit=limit, after=after
    )


def ids(answer: Found) -> list[int | None]:
    return [row.record_id for row in answer.page.records]


def reason(where: Bench) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(where.trail.rows[-1].reason or "")
    return written


class TestFinding:
    @pytest.mark.parametrize(
        ("text", "kind", "record_ids"),
        [
            ("98765 43210", Kind.PHONE, [13, 12]),
            ("+919876543210", Kind.PHONE, [13, 12]),
            ("43210", Kind.PHONE_END, [13, 12]),
            ("pat1", Kind.PATIENT, [12]),
            ("CON153", Kind.CONSULTATION, [13, 12]),
            ("prescription 7", Kind.PRESCRIPTION, [12]),
            ("7", Kind.PRESCRIPTION, [12]),
            ("153", Kind.CONSULTATION, [13, 12]),
            ("2", Kind.PATIENT, [13]),
            ("record 12", Kind.RECORD, [12]),
            ("record 11", Kind.RECORD, [11]),
            (STORED, Kind.KEY, [13, 12]),
            (KEY, Kind.KEY, [13, 12]),
            ("CON153/old.pdf", Kind.KEY_PART, []),
            ("CON153/ab12", Kind.KEY_PART, [13, 12]),
            ("bilal", Kind.NAME, [13]),
            ("dev synth", Kind.NAME, [None]),
            ("", Kind.EVERYTHING, [13, 12, None]),
        ],
    )
    def test_takes_the_first_reading_that_finds_anything(
        self, text: str, kind: Kind, record_ids: list[int | None]
    ) -> None:
        answer = found(clinic(), text)
        assert sorted(ids(answer), key=str) == sorted(record_ids, key=str)
        if record_ids:
            assert answer.reading.kind is kind

    def test_says_every_reading_that_was_tried(self) -> None:
        assert found(clinic(), "153").tried == (Kind.PRESCRIPTION, Kind.CONSULTATION)
        assert found(clinic(), "7").tried == (Kind.PRESCRIPTION,)

    def test_a_row_stored_with_the_prefix_is_found_by_its_url_and_by_the_key_without_it(self) -> None:
        where = bench(replace(RECORD, stored_key=KEY))
        assert ids(found(where, STORED)) == [12]
        assert ids(found(where, f"s3://edrspace/{KEY}")) == [12]

    def test_a_text_that_is_no_question_asks_nothing(self) -> None:
        where = clinic(records=MemoryRecords([RECORD], fault=DatabaseUnavailable(DatabaseFault.DOWN)))
        answer = found(where, "https://example.com/a.pdf")
        assert (answer.reading.kind, answer.tried, answer.page) == (Kind.FOREIGN_URL, (), Page((), None))
        assert found(where, "x").reading.kind is Kind.TOO_SHORT

    @pytest.mark.parametrize(
        ("text", "kind"),
        [("99887", Kind.PHONE_END), ("9988776655", Kind.PHONE), ("PAT999", Kind.PATIENT), ("no/such.pdf", Kind.KEY)],
    )
    def test_a_text_that_finds_nothing_stands_under_its_most_private_reading(self, text: str, kind: Kind) -> None:
        answer = found(clinic(), text)
        assert answer.page.records == ()
        assert answer.reading.kind is kind

    def test_the_filters_and_the_limit_reach_the_store(self) -> None:
        assert ids(found(clinic(), "CON153", filters=Filters(clinic_id="CLN2"))) == [13]
        assert ids(found(clinic(), "", filters=Filters(only_without_pdf=True))) == [None]
        assert len(found(clinic(), "", limit=1).page.records) == 1

    def test_pages_follow_one_another_without_gap_or_repetition(self) -> None:
        where = clinic()
        first = found(where, "CON153", limit=1)
        second = found(where, "CON153", limit=1, after=first.page.after)
        assert ids(first) + ids(second) == [13, 12]
        assert second.page.after is None

    def test_a_later_page_that_became_empty_does_not_turn_into_another_reading(self) -> None:
        # 12 is a prescription, and also the end of somebody else's phone.
        somebody_else = replace(ANOTHER, patient_phone="+919123400012", generated_at=NOW - timedelta(days=500))
        where = bench(replace(RECORD, prescription_id=12), somebody_else)
        last = Cursor(NOW - timedelta(days=400), 1, 1)
        answer = found(where, "012", after=last)
        assert answer.reading.kind is Kind.PRESCRIPTION
        assert answer.page.records == ()

    def test_a_slow_reading_that_found_nothing_still_names_the_index_that_would_help(self) -> None:
        index = MissingIndex("users", ("name",), IndexKind.TRIGRAM)

        class Slow(MemoryRecords):
            def search(
                self, term: Term, filters: Filters, *, scope: Scope, limit: int, after: Cursor | None = None
            ) -> Page:
                page = super().search(term, filters, scope=scope, limit=limit, after=after)
                return replace(page, missing_indexes=(index,)) if isinstance(term, NameContains) else page

        assert found(bench(records=Slow([RECORD])), "nobody").page.missing_indexes == (index,)

    def test_a_database_that_is_down_is_said_and_not_called_nothing_found(self) -> None:
        where = clinic(records=MemoryRecords([], fault=DatabaseUnavailable(DatabaseFault.DOWN)))
        with pytest.raises(DatabaseUnavailable):
            found(where, "Asha")
        assert where.trail.rows == []


class TestScope:
    def test_a_clinic_does_not_find_another_clinics_records_by_any_question(self) -> None:
        for text in ("PAT002", "bilal", "record 13", "prescription 8", "CON153", STORED, "98765 43210", "43210", ""):
            assert 13 not in ids(found(clinic(), text, scope=NORTH))

    def test_a_clinic_does_not_find_rows_without_a_clinic(self) -> None:
        assert ids(found(clinic(), "PAT003", scope=NORTH)) == []

    def test_a_clinic_cannot_open_another_clinics_record_or_prescription(self) -> None:
        where = clinic()
        assert search.open_record(ASHA, NORTH, services=where.services, record_id=13) is None
        assert search.open_prescription(ASHA, NORTH, services=where.services, prescription_id=8) == ()
        assert where.results == ["refused:NOT_VISIBLE", "refused:NOT_VISIBLE"]
        assert [event.patient_id for event in where.trail.rows] == [None, None]

    def test_a_store_that_forgets_the_scope_still_opens_nothing(self) -> None:
        class Forgetful(MemoryRecords):
            def _visible(self, scope: Scope) -> list[Any]:
                return self.rows

        where = bench(records=Forgetful([ANOTHER]))
        assert search.open_record(ASHA, NORTH, services=where.services, record_id=13) is None
        assert search.open_prescription(ASHA, NORTH, services=where.services, prescription_id=8) == ()

    @pytest.mark.parametrize(
        "act",
        [
            lambda where: search.find(AUDITOR, EVERYWHERE, services=where.services, text="PAT001", filters=Filters()),
            lambda where: search.open_record(AUDITOR, EVERYWHERE, services=where.services, record_id=12),
            lambda where: search.open_prescription(AUDITOR, EVERYWHERE, services=where.services, prescription_id=7),
        ],
    )
    def test_who_may_not_find_is_refused_before_anything_is_asked(self, act: Callable[[Bench], object]) -> None:
        where = clinic(records=MemoryRecords([], fault=DatabaseUnavailable(DatabaseFault.DOWN)))
        with pytest.raises(NotAllowed):
            act(where)
        assert where.results == ["refused:find"]


class TestTheTrailOfASearch:
    def test_has_kind_filters_and_the_records_shown(self) -> None:
        where = clinic()
        since = datetime(2026, 11, 1, tzinfo=UTC)
        found(where, "CON153", filters=Filters(since=since, clinic_id="CLN1", older_versions=True))
        event = where.trail.rows[-1]
        assert (event.action, event.result, event.actor, event.scope, event.at) == ("search", "ok", "asha", "all", NOW)
        assert (event.record_id, event.patient_id, event.key_hmac) == (None, None, None)
        assert reason(where) == {
            "kind": "consultation",
            "text_hmac": where.services.trail.keyed_hash("CON153"),
            "filters": {"since": "2026-11-01T00:00:00+00:00", "clinic_id": "CLN1", "older_versions": True},
            "record_ids": [12, 11],
            "without_pdf": [],
        }

    def test_names_prescriptions_that_have_no_record(self) -> None:
        where = clinic()
        found(where, "PAT003")
        assert (reason(where)["record_ids"], reason(where)["without_pdf"]) == ([], [9])

    @pytest.mark.parametrize(
        "text", ["Esha Synthetic", "98765 43210", "43210", STORED, f"https://x.test/{KEY}?X-Amz-Signature=secret"]
    )
    def test_never_holds_the_text(self, text: str) -> None:
        where = clinic()
        found(where, text)
        written = repr(where.trail.rows)
        for piece in (text, "Esha", "43210", "ab12.pdf", "secret"):
            assert piece not in written

    def test_without_a_text_holds_no_hash(self) -> None:
        where = clinic()
        found(where, "  ")
        assert reason(where)["text_hmac"] is None

    def test_is_written_for_a_search_that_finds_nothing(self) -> None:
        where = clinic()
        found(where, "PAT999")
        assert (reason(where)["kind"], reason(where)["record_ids"]) == ("patient", [])

    def test_that_cannot_be_written_is_said_beside_the_records(self) -> None:
        answer = found(clinic(trail=MemoryTrail(fault=READ_ONLY)), "PAT001")
        assert ids(answer) == [12]
        assert answer.trail_fault is READ_ONLY

    def test_that_could_be_written_leaves_no_fault(self) -> None:
        assert found(clinic(), "PAT001").trail_fault is None


class TestOpening:
    def test_a_record_is_read_again_and_written(self) -> None:
        where = clinic()
        assert search.open_record(ASHA, EVERYWHERE, services=where.services, record_id=12) == RECORD
        (event,) = where.trail.rows
        assert (event.action, event.result) == ("record_opened", "ok")
        assert (event.record_id, event.patient_id, event.clinic_id) == (12, "PAT001", "CLN1")
        assert event.key_hmac == where.services.trail.key_hmac(KEY)

    def test_a_record_that_is_not_there_is_written_as_refused(self) -> None:
        where = clinic()
        assert search.open_record(ASHA, EVERYWHERE, services=where.services, record_id=99) is None
        assert [(event.record_id, event.result) for event in where.trail.rows] == [(99, "refused:NOT_VISIBLE")]

    def test_a_prescription_shows_every_version_newest_first_and_is_written_once(self) -> None:
        where = clinic()
        versions = search.open_prescription(ASHA, EVERYWHERE, services=where.services, prescription_id=7)
        assert versions == (RECORD, OLDER)
        (event,) = where.trail.rows
        assert (event.action, event.record_id, event.patient_id, event.clinic_id) == (
            "record_opened", None, "PAT001", "CLN1",
        )  # fmt: skip
        assert reason(where) == {"prescription_id": 7, "record_ids": [12, 11]}

    def test_a_prescription_without_pdf_opens_too(self) -> None:
        where = clinic()
        assert search.open_prescription(ASHA, EVERYWHERE, services=where.services, prescription_id=9) == (WITHOUT_PDF,)
        assert reason(where) == {"prescription_id": 9, "record_ids": []}

    def test_a_trail_that_cannot_be_written_does_not_hide_the_record(self) -> None:
        where = clinic(trail=MemoryTrail(fault=READ_ONLY))
        assert search.open_record(ASHA, EVERYWHERE, services=where.services, record_id=12) == RECORD
        assert search.open_record(ASHA, EVERYWHERE, services=where.services, record_id=99) is None
        assert search.open_prescription(ASHA, EVERYWHERE, services=where.services, prescription_id=7) != ()

    def test_the_chain_holds_afterwards(self) -> None:
        where = clinic()
        found(where, "CON153")
        search.open_record(ASHA, EVERYWHERE, services=where.services, record_id=12)
        assert isinstance(verify(iter(where.trail.rows)), Intact)
