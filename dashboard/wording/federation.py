"""What is said about signing in through an identity provider."""

from __future__ import annotations

from dashboard.wording.people import waited
from lib.errors import ProviderFault, ProviderUnavailable, TokenFault
from lib.federated_sign_in import Barred, Outside, Reason
from lib.federation import Unfit
from lib.people import Refusal

SIGN_IN_WITH = "Sign in with {name}"
OR_PASSWORD = "or with a password"  # noqa: S105 - a label
NOT_SET_UP = "No identity provider is set up here. Sign in with your name and password."

_PROVIDER = {
    ProviderFault.DOWN: "{name} does not answer.",
    ProviderFault.SLOW: "{name} takes too long to answer.",
    ProviderFault.NONSENSE: "{name} answers with something that cannot be used.",
    ProviderFault.ISSUER: "{name} says that it is another issuer than the one that is set here.",
    ProviderFault.CLIENT: "{name} does not know this dashboard.",
}
_NEXT = " Nobody was signed in. Sign in with a password if you have one, or try again in a minute."
_NEXT_OPERATOR = " Nobody was signed in. Sign in with a password if you have one, and tell whoever runs the dashboard."
_OURS = {ProviderFault.NONSENSE, ProviderFault.ISSUER, ProviderFault.CLIENT}  # trying again does not help

_ASK = " Ask whoever keeps the accounts at {name}."
_AGAIN = "Begin again with the button."

_OUTSIDE: dict[Reason, str] = {
    Unfit.NO_ROLE: "{name} knows you, but gave you no role here, so nothing is open to you." + _ASK,
    Unfit.SEVERAL_ROLES: "{name} gave you two roles here, and which of them counts is not guessed." + _ASK,
    Unfit.NO_CLINICS: "{name} gave you a role here, but named no clinic, so nothing is open to you." + _ASK,
    Unfit.CLINICS_UNFIT: "The clinics that {name} named do not fit your role here." + _ASK,
    Barred.FLOW_OVER: f"This sign-in was begun in another browser, is more than 10 minutes old, or was used. {_AGAIN}",
    Barred.PROVIDER_REFUSED: f"{{name}} did not sign you in, or you turned back there. {_AGAIN}",
    Barred.ACCOUNT_DISABLED: "Your account here is disabled. Ask an owner of the dashboard.",
    Barred.WAIT: "Too many attempts from your address. Try again in {wait}.",
    TokenFault.CODE: f"{{name}} says that this sign-in was used already, or took too long. {_AGAIN}",
    TokenFault.EXPIRED: "What {name} sent has ended already. Its clock or ours is wrong: tell whoever runs the dashboard.",
    TokenFault.CLOCK: "What {name} sent is from another time. Its clock or ours is wrong: tell whoever runs the dashboard.",
}
_UNPROVEN = (
    "What {name} sent does not prove who you are, so nobody was signed in. Try once more; if it happens again, tell "
    "whoever runs the dashboard."
)
_NO_ACCOUNT = "An account could not be made for you here. Ask an owner of the dashboard."

_BRIEF = {
    Unfit.NO_ROLE: "the provider gave no role",
    Unfit.SEVERAL_ROLES: "the provider gave two roles",
    Unfit.NO_CLINICS: "the provider named no clinic",
    Unfit.CLINICS_UNFIT: "the clinics do not fit the role",
    Barred.FLOW_OVER: "not begun in this browser, too old, or used",
    Barred.PROVIDER_REFUSED: "the provider said no",
    Barred.ACCOUNT_DISABLED: "the account is disabled",
    Barred.WAIT: "too many tries, had to wait",
    TokenFault.CODE: "the provider's code was over",
    TokenFault.MALFORMED: "the provider's token cannot be read",
    TokenFault.ALGORITHM: "the token is signed in a way that proves nothing",
    TokenFault.KEY: "the token is signed with an unknown key",
    TokenFault.SIGNATURE: "the token's signature is wrong",
    TokenFault.ISSUER: "the token is another issuer's",
    TokenFault.AUDIENCE: "the token is for another application",
    TokenFault.EXPIRED: "the token had ended",
    TokenFault.CLOCK: "the token is from another time",
    TokenFault.NONCE: "the token is for another sign-in",
    TokenFault.SUBJECT: "the token says nobody",
    ProviderFault.DOWN: "the provider did not answer",
    ProviderFault.SLOW: "the provider took too long",
    ProviderFault.NONSENSE: "the provider's answer cannot be used",
    ProviderFault.ISSUER: "the provider says another issuer",
    ProviderFault.CLIENT: "the provider does not know this dashboard",
}
BRIEF = {str(code): words for code, words in _BRIEF.items()}  # as the trail on screen says it


def provider(error: ProviderUnavailable, *, name: str) -> str:
    """Say that the provider cannot be asked, and what to do.

    >>> provider(ProviderUnavailable(ProviderFault.DOWN), name="EDR")
    'EDR does not answer. Nobody was signed in. Sign in with a password if you have one, or try again in a minute.'
    """
    after = _NEXT_OPERATOR if error.fault in _OURS else _NEXT
    return _PROVIDER[error.fault].format(name=name) + after


def outside(refused: Outside, *, name: str) -> str:
    """Say why somebody did not get in, and what to do."""
    if isinstance(refused.code, Refusal):
        return _NO_ACCOUNT
    return _OUTSIDE.get(refused.code, _UNPROVEN).format(name=name, wait=waited(refused.wait))
