"""Issuing a link: one thing is broken per test, and then there is no link."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import keys
from lib.access import Scope
from lib.errors import DatabaseFault, DatabaseUnavailable, LedgerFault, LedgerUnavailable
from lib.link_check import Asked, Flaw, Signed, examine, judge
from lib.links import LinkRequest, Policy, PresignedUrl, RefusalCode, Refused, issue, issue_for_key, issue_for_record
from lib.objects import Disposition, Doubt, Fetched, ObjectUnavailable, Observation, Presence
from lib.previews import open_pdf
from lib.records import Filters, Record, Term
from lib.stores.memory.objects import MemoryObjects, StoredObject
from lib.stores.memory.records import MemoryRecords
from lib.stores.memory.trail import MemoryTrail
from lib.trail import Intact, verify
from tests.conftest import NOW
from tests.core.clinic import (
    ANOTHER,
    ASHA,
    EVERYWHERE,
    KEY,
    MD5,
    PDF,
    RECORD,
    STORED,
    Bench,
    bench,
    bucket,
    signed_link,
)

T = TypeVar("T")

HOUR = timedelta(hours=1)
AN_HOUR = LinkRequest(HOUR)
NORTH = Scope(frozenset({"CLN1"}))
ASKED = Asked(
    KEY, f"https://objects.example/edrspace/{KEY}", HOUR, "prescription_7_v2.pdf", Disposition.INLINE, "edrspace"
)


def made(clinic: Bench, *, request: LinkRequest = AN_HOUR, record: Record | None = None) -> PresignedUrl:
    result = issue(ASHA, EVERYWHERE, services=clinic.services, record=record or clinic.records.rows[0], request=request)
    assert isinstance(result, PresignedUrl), result
    return result


def refused(
    clinic: Bench, *, request: LinkRequest = AN_HOUR, record: Record | None = None, scope: Scope = EVERYWHERE
) -> Refused:
    result = issue(ASHA, scope, services=clinic.services, record=record or clinic.records.rows[0], request=request)
    assert isinstance(result, Refused)
    return result


class TestAHealthyRecord:
    def test_gets_a_link_that_opens(self) -> None:
        clinic = bench()
        link = made(clinic)
        assert clinic.objects.fetch_as_stranger(link.url, first_bytes=5).body == b"%PDF-"
        assert (link.record_id, link.key, link.size_bytes) == (12, KEY, len(PDF))
        assert (link.content_type, link.is_public, link.may_end_sooner) == ("application/pdf", False, False)

    def test_gets_a_link_until_an_hour_from_now(self) -> None:
        link = made(bench())
        assert (link.issued_at, link.expires_at) == (NOW, NOW + HOUR)

    def test_is_written_as_intent_and_outcome(self) -> None:
        clinic = bench()
        made(clinic, request=LinkRequest(HOUR, reason="  lost\n the first "))
        asked, done = clinic.trail.rows
        assert clinic.results == ["intent", "ok"]
        assert asked.request_id == done.request_id
        assert (done.action, done.record_id, done.patient_id, done.clinic_id) == ("link", 12, "PAT001", "CLN1")
        assert (done.expires_at, done.reason) == (NOW + HOUR, "lost the first")

    def test_leaves_neither_link_nor_key_nor_name_in_the_trail(self) -> None:
        clinic = bench()
        link = made(clinic)
        written = repr(clinic.trail.rows)
        for secret in (link.url, "X-Amz", "Signature", "ab12.pdf", "Esha", "9876543210"):
            assert secret not in written

    def test_gets_a_link_whose_repr_and_refusals_do_not_show_it(self) -> None:
        assert "http" not in repr(made(bench()))
        assert "https" not in str(made(bench()))

    def test_is_asked_afresh_whatever_the_cache_believes(self) -> None:
        clinic = bench(objects=bucket(b"%PDF another", key="edrcontainer1/other.pdf"))
        present = bucket().head([KEY], budget=HOUR)[KEY]
        clinic.services.presence.put(present)
        assert refused(clinic).code is RefusalCode.MISSING
        cached = clinic.services.presence.get(KEY, now=NOW)
        assert cached is not None
        assert cached.presence is Presence.ABSENT

    def test_named_with_the_location_gets_the_same_link(self) -> None:
        assert made(bench(replace(RECORD, stored_key=KEY))).url == made(bench()).url

    def test_without_a_location_has_its_stored_key_signed(self) -> None:
        assert made(bench(objects=bucket(key=STORED), location="")).key == STORED

    @pytest.mark.parametrize("disposition", Disposition)
    def test_can_be_shown_or_saved(self, disposition: Disposition) -> None:
        link = made(bench(), request=LinkRequest(HOUR, disposition))
        assert f"response-content-disposition={disposition}%3B%20filename%3D%22prescription_7_v2.pdf%22" in link.url

    def test_with_a_public_object_says_so(self) -> None:
        assert made(bench(objects=bucket(is_public=True))).is_public is True

    @pytest.mark.parametrize(
        "answer",
        [
            Fetched(None, b"", None, None, None, Doubt.TIMED_OUT),
            Fetched(503, b"", None, None, "SlowDown"),
            Fetched(200, b"<html>Sign in</html>", 20, "text/html", None),
            Fetched(301, b"", None, None, "PermanentRedirect"),
        ],
    )
    def test_whose_anonymous_probe_says_nothing_is_neither_public_nor_private(self, answer: Fetched) -> None:
        objects = bucket(answers=lambda url, fetched: fetched if "?" in url else answer)
        assert made(bench(objects=objects)).is_public is None

    @pytest.mark.parametrize(
        "key",
        [
            "a b.pdf",
            "a+b.pdf",
            "100%.pdf",
            "a%20b.pdf",
            "a?b#c&d=e.pdf",
            "//a.pdf",
            "a//b.pdf",
            "a\\b.pdf",
            "é.pdf",
            "e\u0301.pdf",
            "💊.pdf",
            "\u202efdp.exe",
            "a\nb.pdf",
            "\x01.pdf",
            "...pdf",
            "a'\"<b>.pdf",
            "x" * 1000,
        ],
    )
    def test_may_have_any_key_that_a_browser_can_open(self, key: str) -> None:
        clinic = bench(replace(RECORD, stored_key=key), objects=bucket(key=f"edrcontainer1/{key}"))
        assert made(clinic).key == f"edrcontainer1/{key}"


class TestTheRow:
    def test_that_this_scope_does_not_see_gives_no_link(self) -> None:
        clinic = bench(ANOTHER)
        assert refused(clinic, scope=NORTH) == Refused(RefusalCode.NOT_VISIBLE)
        assert clinic.objects.calls == []

    def test_that_is_not_visible_leaves_only_its_number_in_the_trail(self) -> None:
        clinic = bench(ANOTHER)
        refused(clinic, scope=NORTH)
        [event] = clinic.trail.rows
        assert (event.result, event.record_id, event.scope) == ("refused:NOT_VISIBLE", 13, "CLN1")
        assert (event.patient_id, event.clinic_id, event.key_hmac) == (None, None, None)

    def test_that_is_gone_gives_no_link(self) -> None:
        assert refused(bench(ANOTHER), record=RECORD).code is RefusalCode.NOT_VISIBLE

    def test_is_read_again_and_what_the_caller_holds_is_not_trusted(self) -> None:
        stale = replace(RECORD, stored_key="somebody/elses.pdf", clinic_id="CLN9", size_bytes=1, checksum="")
        assert made(bench(), record=stale).key == KEY

    def test_that_became_a_draft_meanwhile_is_a_draft(self) -> None:
        clinic = bench(replace(RECORD, is_draft=True))
        assert refused(clinic, record=RECORD).code is RefusalCode.DRAFT_NEEDS_REASON

    @pytest.mark.parametrize("change", [{"patient_id": "PAT002"}, {"prescription_id": 99}])
    def test_that_became_another_patients_meanwhile_gives_no_link(self, change: dict[str, object]) -> None:
        clinic = bench(replace(RECORD, **change))  # type: ignore[arg-type]
        assert refused(clinic, record=RECORD) == Refused(RefusalCode.CHANGED)

    def test_without_a_pdf_gives_no_link(self) -> None:
        nothing = replace(RECORD, record_id=None, stored_key=None, version=None, latest_version=None, versions=0)
        clinic = bench(nothing)
        assert refused(clinic) == Refused(RefusalCode.NO_PDF)
        assert clinic.results == ["refused:NO_PDF"]

    def test_without_a_pdf_in_another_clinic_is_not_visible(self) -> None:
        nothing = replace(ANOTHER, record_id=None, stored_key=None, version=None, latest_version=None, versions=0)
        assert refused(bench(nothing), scope=NORTH) == Refused(RefusalCode.NOT_VISIBLE)


class TestDraftsAndReplacedVersions:
    DRAFT = replace(RECORD, is_draft=True, is_finalized=False)
    OLD = replace(RECORD, version=1, is_current=False)

    @pytest.mark.parametrize("reason", [None, "", "   ", "\n\t", "...", "\u200b", "\u00a0"])
    @pytest.mark.parametrize(
        ("record", "code"),
        [(DRAFT, RefusalCode.DRAFT_NEEDS_REASON), (OLD, RefusalCode.OLD_VERSION_NEEDS_REASON)],
    )
    def test_are_not_shared_without_a_reason(self, record: Record, code: RefusalCode, reason: str | None) -> None:
        clinic = bench(record)
        assert refused(clinic, request=LinkRequest(HOUR, reason=reason)).code is code
        assert clinic.results == [f"refused:{code}"]
        assert clinic.objects.calls == []

    @pytest.mark.parametrize("record", [DRAFT, OLD])
    def test_are_shared_with_a_reason_that_the_trail_keeps(self, record: Record) -> None:
        clinic = bench(record)
        made(clinic, request=LinkRequest(HOUR, reason="the court asked for it"))
        assert [event.reason for event in clinic.trail.rows] == ["the court asked for it"] * 2

    def test_a_long_reason_is_cut(self) -> None:
        clinic = bench(self.DRAFT)
        made(clinic, request=LinkRequest(HOUR, reason="x" * 100_000))
        assert clinic.trail.rows[0].reason == "x" * 500

    @pytest.mark.parametrize(
        ("reason", "kept"),
        [
            ("for Esha Synthetic, again", "for [name] [name], again"),
            ("ESHA's mother called +91 98765-43210", "[name]'s mother called [phone]"),
            ("call 09876543210 or (022) 2345 67890", "call [phone] or ([phone]"),
            ("Eshaan asked; ticket 20261124, version 2", "Eshaan asked; ticket 20261124, version 2"),
            ("9876543210", "[phone]"),
        ],
    )
    def test_a_reason_keeps_neither_the_patients_name_nor_a_phone(self, reason: str, kept: str) -> None:
        clinic = bench(replace(RECORD, is_draft=True))
        made(clinic, request=LinkRequest(HOUR, reason=reason))
        assert [event.reason for event in clinic.trail.rows] == [kept, kept]

    def test_a_name_that_looks_like_a_pattern_is_still_only_a_name(self) -> None:
        clinic = bench(replace(RECORD, is_draft=True, patient_name="**(bold)|.* [x](javascript:1) Ö"))
        made(clinic, request=LinkRequest(HOUR, reason="any bold reason"))
        assert clinic.trail.rows[0].reason == "any [name] reason"

    def test_a_reason_in_any_script_counts(self) -> None:
        made(bench(self.DRAFT), request=LinkRequest(HOUR, reason="मरीज़"))


class TestTheDuration:
    @pytest.mark.parametrize(
        ("asked", "code"),
        [(timedelta(0), "TOO_SHORT"), (-HOUR, "TOO_SHORT"), (timedelta(days=7, seconds=1), "TOO_LONG")],
    )
    def test_out_of_bounds_gives_no_link(self, asked: timedelta, code: str) -> None:
        clinic = bench()
        assert refused(clinic, request=LinkRequest(asked)).code == code
        assert clinic.results == [f"refused:{code}"]
        assert clinic.objects.calls == []

    def test_ends_with_the_credentials(self) -> None:
        ends_at = NOW + timedelta(minutes=20)
        link = made(bench(policy=Policy(has_session_token=True, credentials_expire_at=ends_at)))
        assert (link.expires_at, link.may_end_sooner) == (ends_at, False)
        assert "X-Amz-Expires=1200&" in link.url

    def test_is_an_hour_at_most_with_a_token_of_unknown_end(self) -> None:
        link = made(bench(policy=Policy(has_session_token=True)), request=LinkRequest(timedelta(days=1)))
        assert (link.expires_at, link.may_end_sooner) == (NOW + HOUR, True)

    def test_is_nothing_with_expired_credentials(self) -> None:
        clinic = bench(policy=Policy(has_session_token=True, credentials_expire_at=NOW))
        assert refused(clinic).code is RefusalCode.CREDENTIALS_EXPIRED


class TestTheKey:
    @pytest.mark.parametrize("key", ["a/../b.pdf", "./a.pdf", "a/./b.pdf", "../a.pdf", "a/.."])
    def test_that_browsers_fold_gives_no_link(self, key: str) -> None:
        clinic = bench(replace(RECORD, stored_key=key), objects=bucket(key=f"edrcontainer1/{key}"))
        assert refused(clinic).code is RefusalCode.UNBROWSABLE_KEY

    @pytest.mark.parametrize("key", [None, "", "a\0.pdf", "x" * 2000, "\ud800"])
    def test_that_no_object_can_have_is_not_asked_for(self, key: str | None) -> None:
        clinic = bench(replace(RECORD, stored_key=key), objects=bucket(PDF.replace(b"one", b"two")))
        assert refused(clinic) == Refused(RefusalCode.UNKNOWN, doubt=Doubt.IMPOSSIBLE_KEY)
        assert not any(keys.impossible(asked) for verb, asked in clinic.objects.calls if verb != "below")

    @pytest.mark.parametrize("key", ["", "a\0.pdf", "\ud800"])
    def test_that_no_object_can_have_gives_a_link_where_the_right_file_is_proven(self, key: str) -> None:
        link = made(bench(replace(RECORD, stored_key=key)))
        assert (link.key, link.is_elsewhere) == (KEY, True)

    @pytest.mark.parametrize("spelling", [STORED, KEY])
    def test_that_a_row_of_another_patient_means_too_gives_no_link(self, spelling: str) -> None:
        clinic = bench(RECORD, replace(ANOTHER, stored_key=spelling))
        assert refused(clinic).code is RefusalCode.SEVERAL_PATIENTS
        assert clinic.objects.calls == []

    def test_that_another_clinics_patient_shares_gives_no_link_even_unseen(self) -> None:
        clinic = bench(RECORD, replace(ANOTHER, clinic_id=None))
        assert refused(clinic, scope=NORTH).code is RefusalCode.SEVERAL_PATIENTS

    def test_that_another_patients_replaced_version_shares_gives_no_link(self) -> None:
        clinic = bench(RECORD, replace(ANOTHER, version=1, is_current=False))
        assert refused(clinic).code is RefusalCode.SEVERAL_PATIENTS

    def test_that_another_patients_row_shares_beyond_the_first_page_gives_no_link(self) -> None:
        mine = [replace(RECORD, record_id=100 + number) for number in range(250)]
        hers = replace(ANOTHER, generated_at=NOW - timedelta(days=900))
        assert refused(bench(*mine, hers)).code is RefusalCode.SEVERAL_PATIENTS

    def test_that_too_many_rows_mean_to_be_sure_gives_no_link(self) -> None:
        mine = [replace(RECORD, record_id=100 + number) for number in range(1001)]
        assert refused(bench(*mine)).code is RefusalCode.SEVERAL_PATIENTS

    def test_that_two_prescriptions_of_one_patient_share_gives_a_link(self) -> None:
        made(bench(RECORD, replace(ANOTHER, patient_id="PAT001")))

    @pytest.mark.parametrize("near", ["prescriptions/pdfs/con153/ab12.pdf", f"/{STORED}", f"{STORED} "])
    def test_that_only_resembles_another_patients_gives_a_link(self, near: str) -> None:
        made(bench(RECORD, replace(ANOTHER, stored_key=near)))


class TestTheObject:
    def test_that_is_missing_gives_no_link(self) -> None:
        clinic = bench(objects=bucket(b"%PDF another", key="elsewhere.pdf"))
        assert refused(clinic) == Refused(RefusalCode.MISSING)
        assert clinic.results == ["refused:MISSING"]

    def test_that_is_at_the_bare_stored_key_only_is_missing_unless_it_is_proven(self) -> None:
        """The founding bug: the stored key is not the object's name."""
        assert refused(bench(objects=bucket(b"%PDF another", key=STORED))).code is RefusalCode.MISSING
        assert made(bench(objects=bucket(key=STORED))).is_elsewhere

    @pytest.mark.parametrize("doubt", [Doubt.DENIED, Doubt.THROTTLED, Doubt.TIMED_OUT, Doubt.NOT_S3, Doubt.NO_BUCKET])
    def test_that_cannot_be_checked_gives_no_link_and_the_reason(self, doubt: Doubt) -> None:
        clinic = bench(objects=bucket(doubt=doubt))
        assert refused(clinic) == Refused(RefusalCode.UNKNOWN, doubt=doubt)
        assert clinic.asked("presign") == 0

    def test_that_answers_404_while_no_listing_works_is_not_called_missing(self) -> None:
        clinic = bench(objects=bucket(key="elsewhere.pdf", listing_works=False))
        assert refused(clinic) == Refused(RefusalCode.UNKNOWN, doubt=Doubt.NO_LISTING)

    @pytest.mark.parametrize("body", [PDF + b" ", PDF.replace(b"one", b"two"), b"%PDF-1.7", b""])
    def test_of_other_content_than_the_row_says_gives_no_link(self, body: bytes) -> None:
        assert refused(bench(objects=bucket(body))).code is RefusalCode.WRONG_CONTENT

    def test_with_an_etag_that_cannot_be_compared_gives_a_link(self) -> None:
        objects = MemoryObjects({KEY: StoredObject(PDF, etag="0" * 32 + "-2")}, clock=lambda: NOW)
        made(bench(objects=objects))

    def test_that_is_no_pdf_gives_no_link(self) -> None:
        page = b"<html>" + b" " * 2000 + b"%PDF"
        clinic = bench(replace(RECORD, size_bytes=None, checksum=""), objects=bucket(page))
        assert refused(clinic).code is RefusalCode.NOT_A_PDF
        assert clinic.results == ["intent", "failed:NOT_A_PDF"]

    def test_whose_pdf_starts_late_but_within_the_first_kib_gives_a_link(self) -> None:
        late = b"\n" * 1020 + PDF
        made(bench(replace(RECORD, size_bytes=None, checksum=""), objects=bucket(late)))


def _always(answer: Fetched) -> Callable[[str, Fetched], Fetched]:
    return lambda url, fetched: answer if "?" in url else fetched


class TestTheStranger:
    @pytest.mark.parametrize(
        ("answer", "code", "detail"),
        [
            (
                Fetched(403, b"", None, "application/xml", "SignatureDoesNotMatch"),
                "LINK_REFUSED",
                "SignatureDoesNotMatch",
            ),
            (Fetched(403, b"", None, None, None), "LINK_REFUSED", "403"),
            (Fetched(404, b"", None, None, "NoSuchKey"), "LINK_REFUSED", "NoSuchKey"),
            (Fetched(503, b"", None, None, "SlowDown"), "LINK_REFUSED", "SlowDown"),
            (Fetched(301, b"", None, None, None), "LINK_REFUSED", "301"),
            (Fetched(302, PDF, len(PDF), "application/pdf", None), "LINK_REFUSED", "302"),
            (Fetched(200, b"<html>Sign in</html>", 20, "text/html", None), "LINK_REFUSED", "200"),
            (Fetched(206, b"<html>Sign in</html>", len(PDF), "text/html", None), "NOT_A_PDF", ""),
            (Fetched(206, b"", len(PDF), "application/pdf", None), "NOT_A_PDF", ""),
            (Fetched(206, PDF[:1024], len(PDF) + 1, "application/pdf", None), "WRONG_LENGTH", ""),
            (Fetched(206, PDF[:1024], 1024, "application/pdf", None), "WRONG_LENGTH", ""),
            (Fetched(206, PDF[:1024], None, "application/pdf", None), "WRONG_LENGTH", ""),
            (Fetched(206, PDF[:1024], len(PDF), "application/pdf", None, etag="0" * 32), "WRONG_CONTENT", ""),
            (Fetched(206, PDF[:1024], len(PDF), "application/pdf", None), "WRONG_CONTENT", ""),
            (Fetched(206, PDF[:1024], len(PDF), "text/html", None, etag=MD5), "NOT_A_PDF", ""),
            (Fetched(206, PDF[:1024], len(PDF), None, None, etag=MD5), "NOT_A_PDF", ""),
        ],
    )
    def test_who_gets_anything_but_the_pdf_means_no_link(self, answer: Fetched, code: str, detail: str) -> None:
        clinic = bench(objects=bucket(answers=_always(answer)))
        assert refused(clinic) == Refused(RefusalCode(code), detail)
        assert clinic.results == ["intent", f"failed:{code}"]

    def test_who_gets_no_answer_means_no_link_and_why(self) -> None:
        answer = Fetched(None, b"", None, None, None, Doubt.TLS)
        assert refused(bench(objects=bucket(answers=_always(answer)))) == Refused(
            RefusalCode.LINK_REFUSED, doubt=Doubt.TLS
        )

    def test_who_learns_no_length_is_not_believed_even_when_the_head_had_none(self) -> None:
        answer = Fetched(206, PDF, None, "application/pdf", None, etag=MD5)
        assert judge(answer, size_bytes=None, etag=MD5) == Refused(RefusalCode.WRONG_LENGTH)

    def test_is_not_sent_to_a_malformed_link(self) -> None:
        clinic = bench(objects=bucket(signs=lambda url: url.replace("https://objects", "https://evil")))
        assert refused(clinic) == Refused(RefusalCode.LINK_MALFORMED, "address")
        assert clinic.asked("fetch") == 0
        assert clinic.results == ["intent", "failed:LINK_MALFORMED"]


def _without(name: str) -> Callable[[str], str]:
    def cut(url: str) -> str:
        address, _, query = url.partition("?")
        return f"{address}?{'&'.join(pair for pair in query.split('&') if not pair.startswith(name))}"

    return cut


class TestWhileTheLinkIsMade:
    """The row is read once more after everything else: what was true when it was checked must still be true."""

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"patient_id": "PAT002"}, RefusalCode.CHANGED),
            ({"stored_key": "prescriptions/pdfs/CON153/other.pdf"}, RefusalCode.CHANGED),
            ({"is_draft": True}, RefusalCode.CHANGED),
            ({"latest_version": 3}, RefusalCode.CHANGED),
            ({"checksum": "0" * 32}, RefusalCode.CHANGED),
            ({"clinic_id": "CLN2"}, RefusalCode.NOT_VISIBLE),
        ],
    )
    @pytest.mark.parametrize("moment", ["head", "sign", "fetch"])
    def test_a_row_that_changes_means_no_link(self, change: dict[str, object], code: RefusalCode, moment: str) -> None:
        clinic = self.changing(lambda rows: [replace(RECORD, **change)], moment=moment)  # type: ignore[arg-type]
        assert refused(clinic, scope=NORTH).code is code
        assert clinic.results == ["intent", f"failed:{code}"]

    def test_a_row_that_goes_means_no_link(self) -> None:
        clinic = self.changing(lambda rows: [], moment="fetch")
        assert refused(clinic).code is RefusalCode.NOT_VISIBLE

    def test_another_patients_row_that_comes_to_mean_the_same_file_means_no_link(self) -> None:
        clinic = self.changing(lambda rows: [*rows, replace(ANOTHER, stored_key=KEY)], moment="fetch")
        assert refused(clinic).code is RefusalCode.SEVERAL_PATIENTS

    def test_a_preview_of_a_row_that_changes_is_thrown_away(self) -> None:
        clinic = self.changing(lambda rows: [replace(RECORD, patient_id="PAT002")], moment="read")
        shown = open_pdf(ASHA, EVERYWHERE, services=clinic.services, record=RECORD)
        assert shown == Refused(RefusalCode.CHANGED)
        assert clinic.results == ["intent", "failed:CHANGED"]

    @staticmethod
    def changing(change: Callable[[list[Record]], list[Record]], *, moment: str) -> Bench:
        """Return a clinic whose rows change when the bucket is asked."""
        records = MemoryRecords([RECORD])

        class Meanwhile(MemoryObjects):
            def head(self, keys: Sequence[str], *, budget: timedelta) -> Mapping[str, Observation]:
                return self._after("head", super().head(keys, budget=budget))

            def presign(self, key: str, *, expires: timedelta, filename: str, disposition: Disposition) -> str:
                link = super().presign(key, expires=expires, filename=filename, disposition=disposition)
                return self._after("sign", link)

            def fetch_as_stranger(self, url: str, *, first_bytes: int) -> Fetched:
                return self._after("fetch", super().fetch_as_stranger(url, first_bytes=first_bytes))

            def read(self, key: str, *, limit_bytes: int) -> bytes:
                return self._after("read", super().read(key, limit_bytes=limit_bytes))

            def _after(self, what: str, answer: T) -> T:
                if what == moment:
                    records.rows = change([RECORD])
                return answer

        return bench(records=records, objects=Meanwhile({KEY: StoredObject(PDF)}, clock=lambda: NOW))


class TestASignedLink:
    def test_tells_its_own_time(self) -> None:
        assert examine(signed_link(), ASKED, now=NOW) == Signed(NOW, NOW + HOUR)

    def test_with_a_session_token_is_well_formed(self) -> None:
        assert examine(f"{signed_link()}&X-Amz-Security-Token=abc", ASKED, now=NOW) == Signed(NOW, NOW + HOUR)

    def test_as_boto3_makes_it_is_well_formed(self) -> None:
        """Copied from boto3 1.44.5 against Ceph RGW; virtual host addressing."""
        url = (
            "https://edrspace.sgp1.example.com/loc/a%20b.pdf"
            "?response-content-type=application%2Fpdf"
            "&response-content-disposition=attachment%3B%20filename%3D%22prescription_1_v1.pdf%22%3B%20"
            "filename%2A%3DUTF-8%27%27prescription_1_v1.pdf"
            "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20261124%2Fsgp1%2Fs3%2Faws4_request"
            "&X-Amz-Date=20261124T083200Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=" + "0f" * 32
        )
        asked = Asked(
            "loc/a b.pdf",
            "https://edrspace.sgp1.example.com/loc/a%20b.pdf",
            timedelta(minutes=15),
            "prescription_1_v1.pdf",
            Disposition.ATTACHMENT,
            "edrspace",
        )
        assert examine(url, asked, now=NOW) == Signed(NOW, NOW + timedelta(minutes=15))

    @pytest.mark.parametrize(
        ("tamper", "flaw"),
        [
            (lambda url: url.replace("https://", "http://"), Flaw.ADDRESS),
            (lambda url: url.replace("objects.example", "objects.example:8443"), Flaw.ADDRESS),
            (lambda url: url.replace("objects.example", "objects.example.evil.test"), Flaw.ADDRESS),
            (lambda url: url.replace("objects.example", "me:pw@objects.example"), Flaw.ADDRESS),
            (lambda url: url.replace("https://", "javascript://"), Flaw.FORM),
            (lambda url: url.replace("https://", "//"), Flaw.FORM),
            (lambda url: f"{url}#top", Flaw.FORM),
            (lambda url: f"{url}\n", Flaw.FORM),
            (lambda url: f" {url}", Flaw.FORM),
            (lambda url: url.replace("ab12", "ab\u200b12"), Flaw.FORM),
            (lambda url: "", Flaw.FORM),
            (lambda url: url.replace("ab12.pdf", "ab13.pdf"), Flaw.KEY),
            (lambda url: url.replace("ab12.pdf", "ab12.PDF"), Flaw.KEY),
            (lambda url: url.replace("/ab12.pdf", "//ab12.pdf"), Flaw.KEY),
            (lambda url: url.replace("/ab12.pdf", "/./ab12.pdf"), Flaw.KEY),
            (lambda url: url.replace("ab12.pdf", "ab%2512.pdf"), Flaw.KEY),
            (lambda url: url.replace("ab12.pdf", "ab12.pd%"), Flaw.KEY),
            (lambda url: url.replace("/edrcontainer1/", "/"), Flaw.KEY),
            (lambda url: url.replace("/edrspace/", "/other/"), Flaw.KEY),
            (_without("X-Amz-Algorithm"), Flaw.PARAMETERS),
            (_without("X-Amz-Signature"), Flaw.PARAMETERS),
            (_without("X-Amz-Expires"), Flaw.PARAMETERS),
            (_without("X-Amz-Date"), Flaw.PARAMETERS),
            (_without("X-Amz-Credential"), Flaw.PARAMETERS),
            (_without("X-Amz-SignedHeaders"), Flaw.PARAMETERS),
            (_without("response-content-type"), Flaw.PARAMETERS),
            (_without("response-content-disposition"), Flaw.PARAMETERS),
            (lambda url: url.partition("?")[0], Flaw.PARAMETERS),
            (lambda url: f"{url}&versionId=1", Flaw.PARAMETERS),
            (lambda url: f"{url}&X-Amz-Expires=3600", Flaw.PARAMETERS),
            (lambda url: f"{url}&", Flaw.PARAMETERS),
            (lambda url: f"{url}&X-Amz-Security-Token=", Flaw.PARAMETERS),
            (lambda url: url.replace("X-Amz-Expires", "x-amz-expires"), Flaw.PARAMETERS),
            (lambda url: url.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), Flaw.ALGORITHM),
            (lambda url: url.replace("SignedHeaders=host", "SignedHeaders=host%3Bx-amz-acl"), Flaw.SIGNED_HEADERS),
            (lambda url: url.replace("SignedHeaders=host", "SignedHeaders=Host"), Flaw.SIGNED_HEADERS),
            (lambda url: url[:-1], Flaw.SIGNATURE),
            (lambda url: url[:-1] + "G", Flaw.SIGNATURE),
            (lambda url: url.replace("%2F20261124%2F", "%2F20261125%2F"), Flaw.CREDENTIAL),
            (lambda url: url.replace("%2Fs3%2F", "%2Fec2%2F"), Flaw.CREDENTIAL),
            (lambda url: url.replace("T083200Z", "T083400Z"), Flaw.DATE),
            (lambda url: url.replace("T083200Z", "T082959Z"), Flaw.DATE),
            (lambda url: url.replace("=20261124T083200Z", "=20261324T083200Z"), Flaw.DATE),
            (lambda url: url.replace("=20261124T083200Z", "=20261124T083200"), Flaw.DATE),
            (lambda url: url.replace("Expires=3600", "Expires=3601"), Flaw.EXPIRY),
            (lambda url: url.replace("Expires=3600", "Expires=03600"), Flaw.EXPIRY),
            (lambda url: url.replace("Expires=3600", "Expires=-5"), Flaw.EXPIRY),
            (lambda url: url.replace("Expires=3600", "Expires=100000000"), Flaw.EXPIRY),
            (lambda url: url.replace("application%2Fpdf", "text%2Fhtml"), Flaw.ANSWER),
            (lambda url: url.replace("=inline%3B", "=attachment%3B"), Flaw.ANSWER),
            (lambda url: url.replace("prescription_7_v2", "prescription_8_v2"), Flaw.ANSWER),
            (lambda url: url.replace("UTF-8%27%27prescription_7", "UTF-8%27%27prescription_8"), Flaw.ANSWER),
        ],
    )
    def test_that_was_changed_is_found_and_never_handed_out(self, tamper: Callable[[str], str], flaw: Flaw) -> None:
        assert tamper(signed_link()) != signed_link()
        assert examine(tamper(signed_link()), ASKED, now=NOW) is flaw
        assert refused(bench(objects=bucket(signs=tamper))) == Refused(RefusalCode.LINK_MALFORMED, flaw)

    @pytest.mark.parametrize("expires", [0, -5, 604_801, 100_000_000])
    def test_that_outlives_what_a_signature_can_is_found_even_when_asked_for(self, expires: int) -> None:
        """boto3 signs anything."""
        asked = replace(ASKED, expires=timedelta(seconds=expires))
        assert examine(signed_link(timedelta(seconds=expires)), asked, now=NOW) is Flaw.EXPIRY

    def test_of_the_old_signature_is_found(self) -> None:
        url = f"{ASKED.plain_url}?AWSAccessKeyId=AKIA&Signature=abc%3D&Expires=1795500000"
        assert examine(url, ASKED, now=NOW) is Flaw.PARAMETERS

    def test_for_another_key_is_found_even_when_the_plain_address_agrees(self) -> None:
        class OffByOne(MemoryObjects):
            def plain_url(self, key: str) -> str:
                return super().plain_url("edrcontainer1/prescriptions/pdfs/CON154/ab12.pdf")

        assert refused(bench(objects=OffByOne({KEY: StoredObject(PDF)}, clock=lambda: NOW))) == Refused(
            RefusalCode.LINK_MALFORMED, "key"
        )

    @given(st.data())
    def test_with_any_character_changed_never_reaches_anybody(self, data: st.DataObject) -> None:
        """What parsing cannot see (the signature itself, the access key) the stranger's fetch does."""
        url = signed_link()
        place = data.draw(st.integers(0, len(url) - 1))
        character = data.draw(st.sampled_from([*"aA0/%&=?#+:@.-_~ ;", "", "\n", "é"]))
        end = place + data.draw(st.integers(0, 1))
        tampered = url[:place] + character + url[end:]
        result = issue(
            ASHA,
            EVERYWHERE,
            services=bench(objects=bucket(signs=lambda _: tampered)).services,
            record=RECORD,
            request=AN_HOUR,
        )
        assert isinstance(result, PresignedUrl) == (tampered == url)

    @given(st.text(max_size=60))
    def test_that_is_any_text_never_raises(self, text: str) -> None:
        assert isinstance(examine(text, ASKED, now=NOW), Flaw)
        assert isinstance(examine(f"https://objects.example/{text}", ASKED, now=NOW), Flaw)
        assert isinstance(examine(f"{ASKED.plain_url}?{text}", ASKED, now=NOW), Flaw)

    @given(
        key=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200),
        seconds=st.integers(1, 604_800),
    )
    def test_of_any_key_and_duration_is_recognised(self, key: str, seconds: int) -> None:
        objects, expires = bucket(), timedelta(seconds=seconds)
        if "\0" in key:
            return
        url = objects.presign(key, expires=expires, filename="a_1.pdf", disposition=Disposition.INLINE)
        asked = Asked(key, objects.plain_url(key), expires, "a_1.pdf", Disposition.INLINE, "edrspace")
        assert examine(url, asked, now=NOW) == Signed(NOW, NOW + expires)

    @given(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    )
    def test_of_one_key_is_never_taken_for_anothers(self, key: str, other: str) -> None:
        """Neither encoding, nor NFC and NFD, nor case, nor slashes make two keys one."""
        base = "https://objects.example/edrspace"
        link = signed_link().replace(quote(KEY, safe="/~"), quote(key, safe="/~"), 1)
        asked = replace(ASKED, key=other, plain_url=f"{base}/{quote(other, safe='/~')}")
        assert isinstance(examine(link, asked, now=NOW), Signed) == (key == other)


class TestTheTrail:
    def test_that_cannot_take_the_intent_means_nothing_is_signed(self) -> None:
        clinic = bench(trail=MemoryTrail(fault=LedgerUnavailable(LedgerFault.READ_ONLY)))
        assert refused(clinic) == Refused(RefusalCode.TRAIL_UNAVAILABLE, "read_only")
        assert (clinic.asked("presign"), clinic.asked("fetch")) == (0, 0)

    def test_that_cannot_take_the_outcome_means_the_link_is_thrown_away(self) -> None:
        clinic = bench(trail=MemoryTrail(fail_after=1))
        assert refused(clinic).code is RefusalCode.TRAIL_UNAVAILABLE
        assert clinic.results == ["intent"]

    def test_that_cannot_be_written_does_not_hide_another_refusal(self) -> None:
        clinic = bench(objects=bucket(b"%PDF another", key="elsewhere.pdf"), trail=MemoryTrail(fail_after=0))
        assert refused(clinic).code is RefusalCode.MISSING

    def test_that_cannot_take_the_outcome_does_not_hide_why_there_is_no_link(self) -> None:
        clinic = bench(trail=MemoryTrail(fail_after=1), objects=bucket(signs=lambda url: f"{url}#"))
        assert refused(clinic) == Refused(RefusalCode.LINK_MALFORMED, "form")

    def test_has_the_intent_before_anything_is_signed(self) -> None:
        trail = MemoryTrail()
        seen: list[int] = []
        made(bench(trail=trail, objects=bucket(signs=lambda url: (seen.append(len(trail.rows)), url)[1])))
        assert seen == [1]

    def test_holds_the_outcome_of_a_store_that_cannot_sign(self) -> None:
        class Wordless(MemoryObjects):
            def presign(self, key: str, *, expires: timedelta, filename: str, disposition: Disposition) -> str:
                raise ObjectUnavailable(Doubt.NO_CREDENTIALS)

        clinic = bench(objects=Wordless({KEY: StoredObject(PDF)}, clock=lambda: NOW))
        assert refused(clinic) == Refused(RefusalCode.UNKNOWN, doubt=Doubt.NO_CREDENTIALS)
        assert clinic.results == ["intent", "failed:UNKNOWN"]

    def test_holds_the_outcome_of_an_act_that_broke_in_the_middle(self) -> None:
        def breaks(url: str) -> str:
            raise ZeroDivisionError

        clinic = bench(objects=bucket(signs=breaks))
        with pytest.raises(ZeroDivisionError):
            made(clinic)
        assert clinic.results == ["intent", "failed:ERROR"]

    def test_of_25_parallel_links_is_intact_and_pairs_every_intent(self) -> None:
        clinic = bench()
        with ThreadPoolExecutor(25) as pool:
            links = list(pool.map(lambda _: made(clinic), range(25)))
        assert len(links) == 25
        assert verify(clinic.trail.events()) == Intact(50, clinic.trail.rows[-1].hash)
        results: dict[str, list[str]] = {}
        for event in clinic.trail.rows:
            results.setdefault(event.request_id, []).append(event.result)
        assert list(results.values()) == [["intent", "ok"]] * 25


class DiesAtSearch(MemoryRecords):
    """A database that dies between reading the row and asking whose the key is."""

    def search(self, term: Term, filters: Filters, *, scope: Scope, limit: int, after: object = None) -> object:  # type: ignore[override]
        raise DatabaseUnavailable(DatabaseFault.SLOW)


@pytest.mark.parametrize(
    "records",
    [MemoryRecords([RECORD], fault=DatabaseUnavailable(DatabaseFault.DOWN)), DiesAtSearch([RECORD])],
)
def test_a_database_that_dies_is_no_refusal_and_no_link(records: MemoryRecords) -> None:
    clinic = bench(records=records)
    with pytest.raises(DatabaseUnavailable):
        made(clinic)
    assert clinic.objects.calls == []
    assert clinic.results == []


def test_the_link_tells_when_it_was_signed_not_when_it_was_asked_for() -> None:
    """The HEAD of a slow bucket takes seconds; they are not part of the hour."""
    times = iter([NOW + timedelta(seconds=second) for second in range(0, 100, 9)])
    latest = [NOW]

    def clock() -> datetime:
        latest[0] = next(times)
        return latest[0]

    link = made(bench(clock=clock, objects=bucket(clock=lambda: latest[0])))
    assert link.issued_at > NOW
    assert link.expires_at - link.issued_at == HOUR


def test_a_link_never_outlives_credentials_whose_end_came_nearer_while_the_bucket_was_asked() -> None:
    latest = [NOW]

    class Slow(MemoryObjects):
        def head(self, keys: Sequence[str], *, budget: timedelta) -> Mapping[str, Observation]:
            latest[0] = NOW + timedelta(seconds=9)
            return super().head(keys, budget=budget)

    ends_at = NOW + timedelta(minutes=20)
    objects = Slow({KEY: StoredObject(PDF)}, clock=lambda: latest[0])
    policy = Policy(has_session_token=True, credentials_expire_at=ends_at)
    assert made(bench(clock=lambda: latest[0], objects=objects, policy=policy)).expires_at == ends_at


class TestTheKeyOfAnObject:
    def asked(self, clinic: Bench, key: str = KEY, *, scope: Scope = EVERYWHERE) -> PresignedUrl | Refused:
        return issue_for_key(ASHA, scope, services=clinic.services, key=key, request=AN_HOUR)

    @pytest.mark.parametrize("stored", [STORED, KEY])
    def test_that_a_visible_row_resolves_to_gets_its_link(self, stored: str) -> None:
        link = self.asked(bench(replace(RECORD, stored_key=stored)))
        assert isinstance(link, PresignedUrl)
        assert (link.record_id, link.key) == (12, KEY)

    @pytest.mark.parametrize(
        "key",
        [STORED, "edrcontainer1/other.pdf", f"/{KEY}", KEY.upper(), "", "a\0", "\ud800", "x" * 2000, "é", "%", "*"],
    )
    def test_that_no_row_resolves_to_gets_none(self, key: str) -> None:
        clinic = bench()
        assert self.asked(clinic, key) == Refused(RefusalCode.NOT_VISIBLE)
        assert clinic.results == ["refused:NOT_VISIBLE"]
        assert clinic.objects.calls == []

    def test_that_only_another_clinics_row_resolves_to_gets_none(self) -> None:
        assert self.asked(bench(ANOTHER), scope=NORTH) == Refused(RefusalCode.NOT_VISIBLE)

    def test_that_rows_of_two_patients_resolve_to_gets_none(self) -> None:
        clinic = bench(RECORD, ANOTHER)
        for scope in (EVERYWHERE, NORTH):
            result = self.asked(clinic, scope=scope)
            assert isinstance(result, Refused)
            assert result.code is RefusalCode.SEVERAL_PATIENTS

    def test_that_several_versions_share_goes_by_the_version_to_use(self) -> None:
        old = replace(RECORD, record_id=11, version=1, is_current=False, generated_at=NOW)
        link = self.asked(bench(old, RECORD))
        assert isinstance(link, PresignedUrl)
        assert link.record_id == 12

    def test_of_a_replaced_version_only_still_needs_a_reason(self) -> None:
        result = self.asked(bench(replace(RECORD, version=1, is_current=False)))
        assert isinstance(result, Refused)
        assert result.code is RefusalCode.OLD_VERSION_NEEDS_REASON


class TestTheNumberOfARecord:
    def test_of_a_visible_record_gets_its_link(self) -> None:
        clinic = bench()
        assert isinstance(
            issue_for_record(ASHA, NORTH, services=clinic.services, record_id=12, request=AN_HOUR), PresignedUrl
        )

    @pytest.mark.parametrize("record_id", [13, 99, -1])
    def test_of_no_visible_record_is_refused_and_in_the_trail(self, record_id: int) -> None:
        clinic = bench(RECORD, ANOTHER)
        given = issue_for_record(ASHA, NORTH, services=clinic.services, record_id=record_id, request=AN_HOUR)
        assert given == Refused(RefusalCode.NOT_VISIBLE)
        (event,) = clinic.trail.rows
        assert (event.record_id, event.patient_id, event.result) == (record_id, None, "refused:NOT_VISIBLE")


def test_the_path_of_a_link_is_the_bucket_and_the_key_and_nothing_between() -> None:
    link = signed_link().replace("/edrspace/edrcontainer1/", "/edrspace/other/edrcontainer1/")
    asked = replace(ASKED, plain_url=ASKED.plain_url.replace("/edrspace/", "/edrspace/other/"))
    assert examine(link, asked, now=NOW) is Flaw.KEY
