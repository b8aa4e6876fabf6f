"""Taking along what a run found: who may, what the trail says, and what stands in the files."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dashboard import audit_exports, audit_report
from dashboard.wording import audit_commands
from dashboard.wording import audit_files as words
from lib import audit_export
from lib.access import Actor, Role, Scope
from lib.audit_export import Form, Report
from lib.audits import Exposure, Options, Result, Run, Status
from lib.catalogue import Code, Severity
from lib.errors import LedgerFault, LedgerUnavailable, NotAllowed
from lib.evidence import Evidence
from lib.findings import Finding, Kind, Suggestion
from tests.conftest import NOW
from tests.core.clinic import EVERYWHERE, bench
from tests.parts.audited import Audited, missing

DEV = Actor("dev", Role.DEVELOPER)
KOLKATA = ZoneInfo("Asia/Kolkata")
COLUMNS = [
    "kind", "code", "severity", "record_id", "stored", "resolved", "key", "evidence", "candidate", "candidate_evidence",
]  # fmt: skip
HOSTILE = Finding(
    Kind.UNREFERENCED_OBJECT,
    Severity.LOW,
    key='=HYPERLINK("http://x")\r\n<script>alert(1)</script>\u202e',
    evidence={"size_bytes": 7, "etag": "a,b"},
)
FOUND = (missing(2, found_at="old/2.pdf"), HOSTILE, missing(3))


class House:
    """A book with one run, and the trail of who took it along."""

    def __init__(self, findings: tuple[Finding, ...] = FOUND, **options: object) -> None:
        where = bench()
        self.trail = where.trail
        self.book = Audited(where.services)
        self.services = self.book.services
        self.run = self.book.check(findings, at=NOW, **options)  # type: ignore[arg-type]

    def export(
        self, form: Form = Form.CSV, *, actor: Actor = DEV, scope: Scope = EVERYWHERE, limit: int | None = None
    ) -> list[Finding]:
        with closing(
            audit_export.export(actor, scope, services=self.services, run_id=self.run.run_id, form=form, limit=limit)
        ) as taken:
            return list(taken)

    def report(self, *, scope: Scope = EVERYWHERE) -> Report:
        return audit_export.report(DEV, scope, services=self.services, run_id=self.run.run_id)

    def written(self) -> list[tuple[str, str, str | None]]:
        return [(event.action, event.result, event.reason) for event in self.trail.rows]


def test_an_export_is_an_intent_and_an_outcome_that_name_run_and_form() -> None:
    house = House()
    assert house.export(Form.JSON_LINES) == list(FOUND)
    told = '{"audit":1,"form":"findings.jsonl"}'
    assert house.written() == [("export", "intent", told), ("export", "ok", told)]


def test_every_page_of_the_findings_is_taken_and_no_more_than_asked_for() -> None:
    house = House(tuple(missing(number) for number in range(1, 1203)))
    assert [each.record_id for each in house.export()] == list(range(1, 1203))
    assert len(house.export(limit=700)) == 700
    assert house.trail.rows[-1].result == "ok"


def test_an_export_that_broke_off_says_so() -> None:
    house = House()
    taken = audit_export.export(DEV, EVERYWHERE, services=house.services, run_id=1, form=Form.CSV)
    next(taken)
    taken.close()
    assert house.trail.rows[-1].result == "failed:ERROR"


def test_without_a_trail_nothing_is_taken() -> None:
    house = House()
    house.trail.fault = LedgerUnavailable(LedgerFault.FULL)
    with pytest.raises(LedgerUnavailable):
        house.export()
    with pytest.raises(LedgerUnavailable):
        house.report()


@pytest.mark.parametrize("role", [Role.CLINIC_ADMIN, Role.SUPPORT, Role.AUDITOR, Role.NOBODY])
def test_who_may_not_read_findings_takes_none_and_is_written_down(role: Role) -> None:
    house = House()
    with pytest.raises(NotAllowed):
        house.export(actor=Actor("x", role))
    assert house.trail.rows[-1].result == "refused:audit"


def test_a_run_of_another_bucket_or_of_nowhere_is_none() -> None:
    house = House()
    other = house.book.audits.begin("another bucket", Options(), by="asha", at=NOW)
    for run_id in (other.run_id, 99):
        with pytest.raises(LookupError):
            audit_export.export(DEV, EVERYWHERE, services=house.services, run_id=run_id, form=Form.CSV)


def test_a_scope_of_clinics_takes_its_clinics_findings_alone() -> None:
    house = House((missing(2), missing(3, clinic_id="CLN002"), HOSTILE))
    north = Scope(frozenset({"CLN001"}))
    assert [each.record_id for each in house.export(scope=north)] == [2]
    report = house.report(scope=north)
    assert (report.problems, dict(report.states), report.has_all_records) == (1, {"missing": 1}, False)
    assert "100" not in re.sub(
        "<style>.*</style>", "", audit_report.html(report, now=NOW, zone=KOLKATA), flags=re.DOTALL
    )


def test_the_csv_has_the_columns_in_their_order_and_begins_no_formula() -> None:
    rows = list(csv.reader(io.StringIO("".join(audit_exports.csv_lines(FOUND)))))
    assert rows[0] == COLUMNS
    assert rows[1] == [
        "dangling_reference", "LOCATION_OLD", "high", "2", FOUND[0].stored, FOUND[0].resolved, "",
        '{"status":404,"confirmed":true}', "old/2.pdf", "proven",
    ]  # fmt: skip
    assert rows[2][6] == '\'=HYPERLINK("http://x")␍␊<script>alert(1)</script>⟨U+202E⟩'
    assert len(rows) == 4


def test_each_json_line_has_the_same_fields_byte_for_byte() -> None:
    lines = list(audit_exports.json_lines(FOUND))
    assert all(line.endswith("\n") and line.isascii() for line in lines)
    told = [json.loads(line) for line in lines]
    assert [list(each) for each in told] == [COLUMNS] * 3
    assert told[0]["evidence"] == {"status": 404, "confirmed": True}
    assert told[1]["key"] == HOSTILE.key
    assert told[1]["record_id"] is told[1]["candidate"] is told[1]["code"] is None


def test_both_files_are_written_for_their_owner_alone_in_place_of_those_before(tmp_path: Path) -> None:
    folder = tmp_path / "audits" / "today"
    as_csv, as_json, about = audit_exports.write(folder, FOUND, about=["Run 1.", "Up to 'a\x1b'."])
    assert (as_csv.name, as_json.name, about.name) == ("findings.csv", "findings.jsonl", "about.txt")
    assert about.read_text() == "Run 1.\nUp to 'a␛'.\n"
    assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o600"}
    assert as_csv.read_bytes().startswith(b'\xef\xbb\xbf"kind","code"')
    assert as_json.read_text().count("\n") == 3
    as_csv.chmod(0o644)
    audit_exports.write(folder, [HOSTILE], about=())
    assert as_json.read_text().count("\n") == 1
    assert about.read_text() == ""
    assert sorted(os.listdir(folder)) == ["about.txt", "findings.csv", "findings.jsonl"]
    assert oct(as_csv.stat().st_mode & 0o777) == "0o600"


def test_what_breaks_off_leaves_the_files_of_before_and_nothing_else(tmp_path: Path) -> None:
    audit_exports.write(tmp_path, FOUND, about=())

    def broken() -> object:
        yield HOSTILE
        raise LedgerUnavailable(LedgerFault.DOWN)

    with pytest.raises(LedgerUnavailable):
        audit_exports.write(tmp_path, broken(), about=())  # type: ignore[arg-type]
    assert sorted(os.listdir(tmp_path)) == ["about.txt", "findings.csv", "findings.jsonl"]
    assert (tmp_path / "findings.jsonl").read_text().count("\n") == 3


def test_a_place_that_is_no_folder_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        audit_exports.write(tmp_path / "file", FOUND, about=())


class _Parsed(HTMLParser):
    """Which tags a page has, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def html(house: House, *, scope: Scope = EVERYWHERE) -> str:
    return audit_report.html(house.report(scope=scope), now=NOW + timedelta(hours=1), zone=KOLKATA)


def test_a_report_says_verdict_counts_trend_and_rows_and_holds_no_script() -> None:
    house = House((missing(3),))
    house.run = house.book.check(FOUND, at=NOW, records=12011)
    page = html(house)
    read = _Parsed(page)
    assert read.tags == {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div", "table", "thead", "tbody", "tr", "th",
        "td",
    }  # fmt: skip
    assert read.attributes == {"lang", "charset", "http-equiv", "content", "name", "class"}
    assert "12,009 of 12,011 PDF files found. 2 records need attention: 1 of them “Older location”." in page
    assert "As of the check, 24 Nov 2026, 14:01, took 12 s" in page
    assert "today" not in page  # it is read on another day
    assert "Compared with run 1 of 24 Nov 2026 14:02." in page
    assert "Check of all files, run 2" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;⟨U+202E⟩" in page
    assert "Proven: old/2.pdf" in page
    assert page.count("expect 0") == 7
    told = "|".join(read.text)
    assert "Missing|1|expect 0" in told
    assert "In the wrong place|1|expect 0" in told
    assert "this check|1 new" in told
    assert "24 Nov 2026|1 still" in told


def test_a_report_names_no_patient() -> None:
    page = html(House())
    assert "PAT" not in page
    assert "Synthetic" not in page


def test_a_report_lists_only_so_many_problems_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_export, "MAX_REPORTED", 2)
    page = html(House())
    assert "The first 2 of 3 problems are listed" in page
    assert page.count('<td class="key">') == 2 * 3


def test_a_clean_report_and_one_of_a_prefix_say_what_they_are() -> None:
    clean = html(House(()))
    assert "All 100 PDF files found. No record needs attention." in clean
    assert "No problem was found." in clean
    assert "There is no earlier full check to compare with." in clean
    for head in (words.SEEN_HEAD, words.TREND_HEAD):
        assert head not in html(House())
    assert "no verdict on all" not in clean
    assert "no verdict on all" in html(House((), options=Options(prefix="loc/a")))
    assert "no verdict on all" in html(House((), status=Status.INCOMPLETE))


def test_a_report_of_a_prefix_or_of_some_clinics_does_not_say_what_earlier_checks_of_all_files_saw() -> None:
    house = House((missing(3, clinic_id="CLN1"),))
    house.run = house.book.check((missing(3, clinic_id="CLN1"),), at=NOW)
    assert words.SEEN_HEAD in html(house)
    assert words.SEEN_HEAD not in html(house, scope=Scope(frozenset({"CLN1"})))
    house.run = house.book.check((missing(3),), at=NOW, options=Options(prefix="edrcontainer1/"))
    assert words.SEEN_HEAD not in html(house)


def test_a_report_says_who_can_read_the_files() -> None:
    house = House(())
    options = Options(exposure=Exposure.NONE)
    assert "<p>Whether anyone can read the files was not asked in this run.</p>" in html(House((), options=options))
    assert "No problem was found. Whether anyone can read the files was not asked" in html(House((), options=options))
    house.run = house.book.ended(Result(Status.COMPLETE, strangers={"open": 0, "closed": 50, "unknown": 0}), at=NOW)
    said = "Of 50 files drawn by chance, 0 open for anyone who knows their address; 50 do not."
    assert f"<p>{said}</p>" in html(house)
    assert "drawn by chance" not in html(house, scope=Scope(frozenset({"CLN001"})))
    assert said in list(audit_commands.about(house.run))


def test_a_report_has_a_line_for_a_storage_that_answers_no_stranger() -> None:
    finding = Finding(Kind.UNDETERMINED, Severity.UNKNOWN, evidence={"asked": 359, "unknown": 359})
    page = html(House((finding,)))
    assert "<td>Whether anyone can read the files could not be found out: 359 of 359 gave no answer.</td>" in page


def test_an_incomplete_report_says_up_to_where_storage_was_listed_and_what_was_only_counted() -> None:
    house = House()
    cut = {Kind.RESOLVERS_DISAGREE: 250_000}
    result = Result(Status.INCOMPLETE, "throttled", unlisted=(("loc/<c>\u202e.pdf", None),), cut=cut)
    house.run = house.book.ended(result, at=NOW)
    page = html(house)
    assert (
        "Storage was listed up to the key “loc/&lt;c&gt;⟨U+202E⟩.pdf”. Of the files behind it nothing is known" in page
    )
    assert "this is no verdict on all files" in page
    assert "Two rules, two keys: 250,000 rows may be so. Not all were looked at" in page
    assert "250,000" not in html(house, scope=Scope(frozenset({"CLN001"})))
    assert list(audit_commands.about(house.run))[:5] == [
        "Check of all files, run 2.",
        "Incomplete: Storage is busy and asked us to slow down. Try again in a minute.",
        "This check did not come to its end: this is no verdict on all files.",
        "Storage was listed up to the key 'loc/<c>\\u202e.pdf'. Of the files behind it nothing is known: none of them stands here.",
        "Two rules, two keys: 250,000 rows may be so. Not all were looked at: there are more than are counted.",
    ]


def test_a_complete_run_that_could_not_list_all_says_so_too() -> None:
    house = House()
    run = house.book.ended(Result(Status.COMPLETE, unlisted=(("", "loc/"), ("loc0", None))), at=NOW)
    assert "Some of storage was not listed: up to 'loc/'; behind 'loc0'." in "\n".join(audit_commands.told(run))


def test_a_candidate_that_is_only_possible_is_exported_as_what_it_is() -> None:
    unsure = replace(FOUND[2], suggestion=Suggestion("x.pdf", Evidence.POSSIBLE, is_safe=False), code=Code.MOVED)
    (line,) = audit_exports.json_lines([unsure])
    assert json.loads(line)["candidate_evidence"] == "possible"


def test_the_run_of_a_report_is_the_one_that_was_asked_for() -> None:
    house = House()
    assert isinstance(house.report().run, Run)
    assert house.report().before is None
