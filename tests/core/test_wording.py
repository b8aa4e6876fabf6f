"""Every code has its words: a test walks every enum member and error class."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard import wording
from dashboard.wording import activity as activity_words
from dashboard.wording import audit_starting as starting_words
from dashboard.wording import audits as audit_words
from dashboard.wording import autopsy as autopsy_words
from dashboard.wording import error_pages as error_words
from dashboard.wording import federation as federation_words
from dashboard.wording import kinds as kind_words
from dashboard.wording import link_faults as link_words
from dashboard.wording import lock as lock_words
from dashboard.wording import people as people_words
from dashboard.wording import problems as problem_words
from lib import findings, pasted
from lib.access import Permission, Role
from lib.audits import RESUMABLE, Fault, Options, Phase, Progress, Run, Status
from lib.audits import Exposure as AuditExposure
from lib.candidates import Evidence, Flag, Why
from lib.catalogue import About, Code, Mend, Needs, Severity
from lib.diagnosis import Md5, State
from lib.error_pages import ErrorCode, ErrorPage
from lib.errors import (
    DatabaseFault,
    DatabaseUnavailable,
    LedgerFault,
    LedgerUnavailable,
    ProviderFault,
    ProviderUnavailable,
    TokenFault,
)
from lib.federated_sign_in import Barred, Outside, Reason
from lib.federation import Unfit
from lib.link_faults import FaultFound, LinkFault
from lib.links import RefusalCode, Refused
from lib.locking import NoPin, StillLocked
from lib.mangled import Undone
from lib.objects import Doubt
from lib.passwords import PasswordProblem
from lib.people import PasswordState, Refusal
from lib.pins import PinProblem
from lib.search import Kind
from lib.settings import Notice, Noticed
from lib.sign_in import Denial, Denied
from lib.trail import Action

FEDERATED: list[Reason] = [*Unfit, *Barred, *TokenFault, Refusal.NAME_TAKEN]


@pytest.mark.parametrize("code", RefusalCode)
def test_every_refusal_is_said(code: RefusalCode) -> None:
    assert wording.refusal(Refused(code)).endswith(".")


@pytest.mark.parametrize("doubt", Doubt)
def test_every_doubt_is_said(doubt: Doubt) -> None:
    assert wording.doubt(doubt)
    assert wording.refusal(Refused(RefusalCode.UNKNOWN, doubt=doubt)).endswith(wording.doubt(doubt))


@pytest.mark.parametrize("fault", DatabaseFault)
def test_every_fault_of_the_records_database_is_said(fault: DatabaseFault) -> None:
    assert wording.database(DatabaseUnavailable(fault)).endswith(".")


def test_a_missing_table_is_named() -> None:
    assert "prescription_pdfs" in wording.database(DatabaseUnavailable(DatabaseFault.SCHEMA, "prescription_pdfs"))


@pytest.mark.parametrize("fault", LedgerFault)
def test_every_fault_of_the_ledger_is_said(fault: LedgerFault) -> None:
    assert wording.ledger(LedgerUnavailable(fault)).endswith(".")


@pytest.mark.parametrize("state", State)
def test_every_state_has_word_icon_and_sentence(state: State) -> None:
    assert wording.state_cell(state) == f"{wording.STATE_ICON[state]} {wording.STATE[state]}"
    assert wording.state_sentence(state, made="12 Nov 2026", checked="14:02", doubt_code=None, record_size=None)


@pytest.mark.parametrize("kind", Kind)
def test_every_way_to_take_a_text_is_said(kind: Kind) -> None:
    assert wording.TAKEN_AS[kind]


@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_title_and_a_sentence_for_staff_and_for_developers(code: Code) -> None:
    words = wording.CODE[code]
    assert 0 < len(words.title) <= 40
    assert not words.title.endswith(".")
    assert words.staff.endswith(".")
    assert words.developers.endswith(".")


def test_no_two_codes_have_one_title() -> None:
    titles = [words.title for words in wording.CODE.values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("code", Code)
def test_staff_are_told_no_words_of_the_trade(code: Code) -> None:
    said = f" {wording.CODE[code].staff.lower()} "
    words = (" key", "prefix", "bucket", "object", " row", "http", "percent", "orphan")
    assert [word for word in words if word in said] == []


@pytest.mark.parametrize(
    "member",
    [*Severity, *About, *Needs, *Mend, *Evidence, *Why, *Flag],
    ids=lambda member: f"{type(member).__name__}.{member.name}",
)
def test_every_word_around_a_code_is_said(member: Severity | About | Needs | Mend | Evidence | Why | Flag) -> None:
    said = {
        Severity: wording.SEVERITY,
        About: wording.ABOUT,
        Needs: wording.NEEDS,
        Mend: wording.MEND,
        Evidence: wording.EVIDENCE,
        Why: wording.WHY,
        Flag: wording.FLAG,
    }
    assert said[type(member)][member]  # type: ignore[index]


@pytest.mark.parametrize("md5", Md5)
def test_every_md5_answer_is_said(md5: Md5) -> None:
    assert wording.MD5[md5]


@pytest.mark.parametrize("notice", Notice)
def test_every_notice_names_its_variable(notice: Notice) -> None:
    assert wording.notice(Noticed("AWS_LOCATION", notice)).startswith("AWS_LOCATION")


@pytest.mark.parametrize("code", Refusal)
def test_every_refusal_to_change_an_account_is_said(code: Refusal) -> None:
    assert people_words.account_refusal(code).endswith(".")


@pytest.mark.parametrize("code", [*Denial, *PasswordProblem])
def test_every_reason_not_to_get_in_is_said(code: Denial | PasswordProblem) -> None:
    assert people_words.denied(Denied(code)).endswith(".")


@pytest.mark.parametrize("code", FEDERATED)
def test_every_reason_not_to_get_in_through_a_provider_is_said(code: Reason) -> None:
    said = federation_words.outside(Outside(code), name="EDR")
    assert said.endswith(".")
    assert "{" not in said


@pytest.mark.parametrize("fault", ProviderFault)
def test_every_fault_of_a_provider_is_said_with_what_to_do_next(fault: ProviderFault) -> None:
    said = federation_words.provider(ProviderUnavailable(fault), name="EDR")
    assert said.startswith("EDR ")
    assert "Sign in with a password" in said


@pytest.mark.parametrize("code", [*StillLocked, *PinProblem, *NoPin])
def test_every_reason_to_stay_locked_or_without_a_pin_is_said(code: StillLocked | PinProblem | NoPin) -> None:
    assert lock_words.refused(code).endswith(".")


@pytest.mark.parametrize("role", Role)
def test_every_role_has_its_name(role: Role) -> None:
    assert people_words.ROLE[role]


@pytest.mark.parametrize("state", PasswordState)
def test_every_state_of_a_password_is_said(state: PasswordState) -> None:
    assert people_words.PASSWORD_STATE[state]


@pytest.mark.parametrize("action", Action)
def test_every_act_in_the_trail_is_said(action: Action) -> None:
    assert activity_words.act(action) == activity_words.ACTION[action]


@pytest.mark.parametrize(
    "code",
    [
        *RefusalCode,
        *Permission,
        *Refusal,
        *Denial,
        *StillLocked,
        *LedgerFault,
        *FEDERATED,
        *ProviderFault,
        "BROKEN",
        "ERROR",
    ],
)
def test_every_way_an_act_can_end_is_said(code: str) -> None:
    for kind in ("refused", "failed"):
        said = activity_words.result(f"{kind}:{code}")
        assert said.startswith(f"{kind.capitalize()}: ")
        assert not said.endswith(f": {code}")


@pytest.mark.parametrize("fault", LinkFault)
def test_every_fault_of_a_link_is_said_to_staff_and_to_developers(fault: LinkFault) -> None:
    said = link_words.fault(FaultFound(fault, "this one"))
    assert said.staff.endswith(".")
    assert said.developer
    assert "{" not in said.staff + said.developer
    assert not re.search("SigV|X-Amz|AWS_|%25|query|parameter", said.staff)


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_of_an_error_page_is_said_to_staff_and_to_developers(code: ErrorCode) -> None:
    said = error_words.error_page(ErrorPage(code))
    assert said.staff.endswith(".")
    assert said.developer.endswith(".")
    assert "aste" in said.staff  # an error page names no file: what to do next is to paste something that does
    assert not re.search("SigV|X-Amz|AWS_|%25|parameter", said.staff)


def test_an_error_page_that_names_the_file_does_not_ask_for_it() -> None:
    page = ErrorPage(ErrorCode.NO_SUCH_KEY, key="loc/a.pdf")
    assert error_words.NO_FILE_NAMED not in error_words.error_page(page).staff
    assert len(error_words.SUSPECTS) == 2


@pytest.mark.parametrize("kind", pasted.Kind)
def test_everything_that_can_be_pasted_is_said(kind: pasted.Kind) -> None:
    assert autopsy_words.KIND[kind].endswith(".")


@pytest.mark.parametrize("undone", Undone)
def test_everything_that_was_undone_is_said(undone: Undone) -> None:
    assert autopsy_words.undone((undone,)).endswith(".")


@pytest.mark.parametrize("kind", findings.Kind)
def test_every_kind_of_finding_has_a_title_a_meaning_and_what_to_do_next(kind: findings.Kind) -> None:
    words = kind_words.KIND[kind]
    assert 0 < len(words.title) <= 30
    assert not words.title.endswith(".")
    assert words.means.endswith(".")
    assert words.then.endswith(".")
    assert "orphan" not in f"{words.title} {words.means} {words.then}".lower()


def test_no_two_kinds_of_finding_have_one_title() -> None:
    assert len({words.title for words in kind_words.KIND.values()}) == len(findings.Kind)


@pytest.mark.parametrize("member", [*Status, *Phase, *AuditExposure], ids=str)
def test_every_word_about_a_run_is_said(member: Status | Phase | AuditExposure) -> None:
    said = {Status: audit_words.STATUS, Phase: audit_words.PHASE, AuditExposure: starting_words.EXPOSURE}
    assert said[type(member)][member]  # type: ignore[index]


@pytest.mark.parametrize("status", sorted(RESUMABLE))
def test_every_early_end_of_a_run_says_what_to_do_next(status: Status) -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    run = Run(7, "t", Options(), "asha", at, status, Progress(ranges=16, ranges_done=3, rows=9, records=20), fence=1)
    said = audit_words.ended(run, now=at, zone=ZoneInfo("Asia/Kolkata"))
    assert said.startswith("The check of today 05:30 ")
    assert "3 of 16 parts are done" in said
    assert re.search("[Gg]o on", said)


@pytest.mark.parametrize("code", [*Fault, *Doubt, *(f"database_{fault}" for fault in DatabaseFault)])
def test_every_reason_why_a_run_stopped_is_said(code: str) -> None:
    said = audit_words.reason(code)
    assert said.endswith(".")
    assert (said == audit_words.reason("nothing that exists")) is (code == Fault.UNEXPECTED)


@pytest.mark.parametrize("severity", Severity)
def test_every_severity_has_an_icon_and_a_word(severity: Severity) -> None:
    icon, _, word = problem_words.SEVERITY[severity].partition(" ")
    assert icon
    assert word
