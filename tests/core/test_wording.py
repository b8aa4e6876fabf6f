"""Every code has its words: a test walks every enum member and error class."""

from __future__ import annotations

import pytest

from dashboard import wording
from dashboard.wording import activity as activity_words
from dashboard.wording import federation as federation_words
from dashboard.wording import lock as lock_words
from dashboard.wording import people as people_words
from lib import keys
from lib.access import Permission, Role
from lib.diagnosis import Md5, State
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
from lib.links import RefusalCode, Refused
from lib.locking import NoPin, StillLocked
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


@pytest.mark.parametrize("problem", keys.Problem)
def test_every_problem_of_a_key_is_said(problem: keys.Problem) -> None:
    assert wording.PROBLEM[problem].endswith(".")


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
