"""Signing in through an identity provider: a real one over real sockets, our routes behind the gate, raw requests."""

from __future__ import annotations

import base64
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey
from starlette.applications import Starlette
from starlette.middleware import Middleware

from dashboard import oidc_desk, signing_in, unlocking
from dashboard.gate import OPEN_ROUTES, Gate
from dashboard.origins import Site
from dashboard.wording import federation as words
from lib import accounts as owner
from lib import locking
from lib.access import Role
from lib.errors import LedgerFault, LedgerUnavailable, ProviderFault, ProviderUnavailable, TokenFault
from lib.federated_sign_in import Barred, Federation, Outside
from lib.federation import ClaimRules, Unfit
from lib.locking import Locks
from lib.people import Identity, Person
from lib.stores.memory.flows import MemoryFlows
from lib.stores.memory.pins import MemoryPins
from lib.stores.oidc import OidcConfig, OidcProvider
from lib.trail import Action, TrailEvent
from tests.parts.accounts import OPERATOR, MemoryBench, added
from tests.parts.bad_servers import refused_address
from tests.parts.provider import CLIENT_ID, CLIENT_SECRET, Claims, Provider, new_key, provider
from tests.parts.served import Answer, Served, serve

NAME = "Clinic SSO"
RULES = ClaimRules({"front-desk": Role.CLINIC_ADMIN, "help": Role.SUPPORT, "helpers": Role.SUPPORT, "boss": Role.OWNER})
BILAL: Claims = {"name": "Bilal Khan", "role": "front-desk", "clinics": ["CLN001"]}
YEARS = 10 * 365 * 86_400


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Browser:
    """Keeps cookies, and goes through the provider as somebody."""

    served: Served
    site: Site
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        host = self.site.public_url.removeprefix("https://") or self.served.host
        answer = self.served.ask(path, cookie="; ".join(f"{k}={v}" for k, v in self.cookies.items()), host=host)
        for line in answer.headers.get_all("set-cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            if "Max-Age=0" in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer

    def start(self, query: str = "") -> dict[str, str]:
        """Press the button; return what the provider is asked."""
        answer = self.get(f"/oidc/start{query}")
        assert answer.status == 303
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    def is_in(self) -> bool:
        return self.get("/session").status == 204


@dataclass
class House:
    """The dashboard's routes, the provider, and the parts behind them."""

    served: Served
    site: Site
    idp: Provider
    bench: MemoryBench

    def browser(self) -> Browser:
        return Browser(self.served, self.site)

    def sign_in(self, subject: str = "bilal", *, browser: Browser | None = None, query: str = "") -> Answer:
        there = browser or self.browser()
        return there.get(self.back(subject, there.start(query)))

    def back(self, subject: str, asked: dict[str, str]) -> str:
        """Return the path of the way back, as the provider gives it."""
        parts = urlsplit(self.idp.way_back(subject, asked))
        return f"{parts.path}?{parts.query}"

    def person(self, subject: str = "bilal") -> Person:
        identity = Identity(self.idp.issuer, subject)
        return next(each for each in self.bench.people.everybody() if each.identity == identity)

    def trail(self) -> list[TrailEvent]:
        return list(self.bench.trail.events())


@contextmanager
def house(
    site: Site, *, budget_s: float = 10.0, issuer: str = "", client_secret: str = CLIENT_SECRET
) -> Iterator[House]:
    bench = MemoryBench()
    added(bench.accounts)
    with provider() as idp:
        idp.people["bilal"] = dict(BILAL)
        config = OidcConfig(issuer or idp.issuer, CLIENT_ID, client_secret, budget_s)
        through = Federation(
            OidcProvider(config, clock=now), RULES, NAME, config.issuer, spent=MemoryFlows(), secret=b"s" * 32
        )
        desk = signing_in.Desk(site, bench.accounts, now, provider=NAME)
        lock_desk = unlocking.LockDesk(desk, Locks(bench.accounts, MemoryPins()))
        routes = [
            *desk.routes(),
            *oidc_desk.OidcDesk(desk, through).routes(),
            *lock_desk.routes(),
            *lock_desk.inner_routes(),
        ]
        gate = Middleware(Gate, site=site, sessions=signing_in.LiveTokens(bench.accounts, now))
        with serve(Starlette(routes=routes, middleware=[gate])) as served:
            yield House(served, site, idp, bench)


@pytest.fixture
def local() -> Iterator[House]:
    with house(Site()) as found:
        yield found


def said(answer: Answer) -> str:
    found = re.search(r"<h1>.*?</h1><p>(.*?)</p>", answer.body.decode())
    assert found
    return found[1].replace("&#x27;", "'")


def test_who_is_proved_gets_a_session_and_an_account_with_the_claims_rights(local: House) -> None:
    browser = local.browser()
    answer = local.sign_in(browser=browser, query="?next=/%3Frecord%3D12")
    assert (answer.status, answer.headers["location"]) == (303, "/?record=12")
    assert browser.is_in()
    person = local.person()
    assert (person.name, person.role, person.clinics) == (f"Bilal Khan via {NAME}", Role.CLINIC_ADMIN, {"CLN001"})
    events = [(each.action, each.result, each.actor) for each in local.trail()[-4:]]
    assert events == [
        (Action.PEOPLE_CHANGED, "intent", person.name),
        (Action.PEOPLE_CHANGED, "ok", person.name),
        (Action.SIGN_IN, "intent", person.name),
        (Action.SIGN_IN, "ok", person.name),
    ]


def test_what_is_asked_is_a_code_with_pkce_state_and_nonce(local: House) -> None:
    asked = local.browser().start()
    assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT_ID, "S256")
    assert asked["redirect_uri"] == f"{local.served.origin}/oidc/callback"
    assert "openid" in asked["scope"].split()
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert asked["state"] != local.browser().start()["state"]


def test_over_https_the_way_back_is_the_public_address_and_the_cookie_is_bound_to_it() -> None:
    with house(Site("https://rx.example")) as found:
        browser = found.browser()
        answer = browser.get("/oidc/start")
        assert "redirect_uri=https%3A%2F%2Frx.example%2Foidc%2Fcallback" in answer.headers["location"]
        (line,) = answer.headers.get_all("set-cookie") or ()
        assert line.startswith("__Host-dashboard-session-oidc=")
        assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=600"} <= {
            part.strip() for part in line.split(";")
        }
        assert found.sign_in(browser=browser).status == 303
        assert browser.is_in()


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "%2F%5Cevil.example", "/a%0d%0ab:c"])
def test_nobody_is_sent_elsewhere_afterwards(local: House, wanted: str) -> None:
    assert local.sign_in(query=f"?next={wanted}").headers["location"] == "/"


def test_the_answer_for_another_browser_is_refused(local: House) -> None:
    """Login fixation: an attacker's answer, opened in somebody else's browser, with or without a flow of their own."""
    attacker, victim = local.browser(), local.browser()
    path = local.back("bilal", attacker.start())
    assert victim.get(path).status == 403
    victim.start()
    answer = victim.get(path)
    assert (answer.status, said(answer)) == (403, words.outside(Outside(Barred.FLOW_OVER), name=NAME))
    assert not victim.is_in()
    assert (
        local.trail()[-1].action != Action.SIGN_IN_FAILED
    )  # anybody can send anybody there; it must not fill the disk


def test_a_code_for_another_browser_under_ones_own_state_is_refused(local: House) -> None:
    attacker, victim = local.browser(), local.browser()
    asked = attacker.start()
    code = local.idp.code_for("bilal", asked)
    answer = victim.get(f"/oidc/callback?code={code}&state={victim.start()['state']}")
    assert (answer.status, said(answer)) == (403, words.outside(Outside(TokenFault.CODE), name=NAME))
    assert not victim.is_in()


def test_an_answer_is_good_once_also_where_the_provider_takes_codes_twice(local: House) -> None:
    local.idp.takes_codes_twice = True
    browser = local.browser()
    path = local.back("bilal", browser.start())
    kept = dict(browser.cookies)
    assert browser.get(path).status == 303
    assert browser.get(path).status == 403  # the browser has forgotten its flow
    again = Browser(local.served, local.site, kept)
    assert again.get(path).status == 403
    assert not again.is_in()
    assert local.trail()[-1].result == f"refused:{Barred.FLOW_OVER}"


@pytest.mark.parametrize("name", ["state", "iss"])
def test_an_answer_whose_state_or_issuer_is_another_is_refused(local: House, name: str) -> None:
    browser = local.browser()
    path = local.back("bilal", browser.start())
    assert browser.get(re.sub(rf"{name}=[^&]+", f"{name}=" + "a" * 43, path)).status == 403
    assert not browser.is_in()


def test_another_way_back_in_the_cookie_is_another_flow(local: House) -> None:
    browser = local.browser()
    path = local.back("bilal", browser.start())
    (name,) = (each for each in browser.cookies if each.endswith("-oidc"))
    seed, end, _ = browser.cookies[name].split(".")
    for forged in (f"{seed}.{end}.{base64.urlsafe_b64encode(b'/evil').decode()}", f"{seed}.{int(end) + 60}.Lw"):
        assert Browser(local.served, local.site, {name: forged}).get(path).status == 403


def test_the_button_signs_in_anew_and_ends_the_session_that_was(local: House) -> None:
    browser = local.browser()
    local.sign_in(browser=browser)
    first = browser.cookies[local.site.cookie]
    local.sign_in(browser=browser)
    assert browser.is_in()
    assert not Browser(local.served, local.site, {local.site.cookie: first}).is_in()


def changed(**claims: object) -> Callable[[Claims], Claims]:
    return lambda told: {**told, **claims}


def without(name: str) -> Callable[[Claims], Claims]:
    return lambda told: {key: value for key, value in told.items() if key != name}


def later(name: str, seconds: int) -> Callable[[Claims], Claims]:
    return lambda told: {**told, name: int(time.time()) + seconds}


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (changed(iss="https://evil.example"), TokenFault.ISSUER),
        (without("iss"), TokenFault.ISSUER),
        (changed(aud="another application"), TokenFault.AUDIENCE),
        (changed(aud=[]), TokenFault.AUDIENCE),
        (changed(aud=[CLIENT_ID, "another"]), TokenFault.AUDIENCE),
        (changed(aud=[CLIENT_ID, "another"], azp="another"), TokenFault.AUDIENCE),
        (without("aud"), TokenFault.AUDIENCE),
        (later("exp", -300), TokenFault.EXPIRED),
        (changed(exp="never"), TokenFault.EXPIRED),
        (without("exp"), TokenFault.EXPIRED),
        (later("iat", YEARS), TokenFault.CLOCK),
        (later("iat", -YEARS), TokenFault.CLOCK),
        (later("nbf", YEARS), TokenFault.CLOCK),
        (without("nonce"), TokenFault.NONCE),
        (changed(nonce="another"), TokenFault.NONCE),
        (without("sub"), TokenFault.SUBJECT),
        (changed(sub=""), TokenFault.SUBJECT),
        (changed(sub=7), TokenFault.SUBJECT),
        (changed(sub="x" * 256), TokenFault.SUBJECT),
        (changed(sub="a\u202eb"), TokenFault.SUBJECT),
    ],
)
def test_a_token_that_says_something_else_proves_nobody(
    local: House, spoil: Callable[[Claims], Claims], fault: TokenFault
) -> None:
    local.idp.spoil = spoil
    refused(local, fault)


def refused(local: House, fault: TokenFault) -> None:
    browser = local.browser()
    answer = local.sign_in(browser=browser)
    assert local.trail()[-1].result == f"refused:{fault}"
    assert (answer.status, said(answer)) == (403, words.outside(Outside(fault), name=NAME))
    assert not browser.is_in()
    assert [each for each in local.bench.people.everybody() if each.identity] == []


def coded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def parts(algorithm: str, kid: str | None, claims: Claims) -> str:
    header = {"alg": algorithm, "kid": kid}
    return f"{coded(json.dumps(header).encode())}.{coded(json.dumps(claims).encode())}"


def test_a_token_that_is_not_signed_proves_nobody(local: House) -> None:
    local.idp.sign = lambda claims: f"{parts('none', local.idp.key.kid, claims)}."
    refused(local, TokenFault.ALGORITHM)


@pytest.mark.parametrize("known", ["public key", "client secret"])
def test_a_token_signed_with_what_others_know_proves_nobody(local: House, known: str) -> None:
    secret = local.idp.key.as_pem(private=False) if known == "public key" else CLIENT_SECRET.encode()

    def sign(claims: Claims) -> str:
        signed = parts("HS256", local.idp.key.kid, claims)
        return f"{signed}.{coded(hmac.digest(secret, signed.encode(), 'sha256'))}"

    local.idp.sign = sign
    refused(local, TokenFault.ALGORITHM)


def test_a_token_signed_with_another_key_of_the_same_name_proves_nobody(local: House) -> None:
    other = new_key()
    local.idp.sign = lambda claims: jwt.encode({"alg": "RS256", "kid": local.idp.key.kid}, claims, other)
    refused(local, TokenFault.SIGNATURE)


def test_a_token_signed_with_a_key_that_is_not_published_proves_nobody(local: House) -> None:
    other = new_key()
    local.idp.sign = lambda claims: jwt.encode({"alg": "RS256", "kid": other.kid}, claims, other)
    refused(local, TokenFault.KEY)
    assert local.idp.asked.count("/keys") == 2


@pytest.mark.parametrize("token", [None, "", "x", "a.b.c", "a" * 20_000, 7, {"a": 1}])
def test_what_is_no_token_proves_nobody(local: House, token: Any) -> None:
    local.idp.sign = lambda _claims: token
    refused(local, TokenFault.MALFORMED)


def test_a_new_key_of_the_provider_is_read_when_a_token_names_it(local: House) -> None:
    assert local.sign_in().status == 303
    local.idp.key = new_key()
    assert local.sign_in().status == 303
    assert local.idp.asked.count("/keys") == 2
    assert local.sign_in().status == 303
    assert local.idp.asked.count("/keys") == 2


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(ECKey.generate_key("P-256", {"kid": "ec"}), "ES256"), (OKPKey.generate_key("Ed25519", {"kid": "ed"}), "Ed25519")],
)
def test_keys_of_other_kinds_work_beside_one_that_nobody_knows(local: House, key: Any, algorithm: str) -> None:
    local.idp.published = [{"kty": "PQC", "kid": "future"}, {"kty": "RSA"}, key.as_dict(private=False)]
    local.idp.sign = lambda claims: jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key, algorithms=[algorithm])
    assert local.sign_in().status == 303


def test_a_clock_that_is_a_minute_off_is_forgiven(local: House) -> None:
    for skew in (-60, 60):
        local.idp.spoil = lambda told, skew=skew: {**told, "iat": told["iat"] + skew, "exp": int(time.time()) + skew}  # type: ignore[misc]
        assert local.sign_in().status == 303


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"role": "admin"}, Unfit.NO_ROLE),
        ({"role": "owner"}, Unfit.NO_ROLE),  # our name of a role is nobody's value
        ({"role": None}, Unfit.NO_ROLE),
        ({"role": ["front-desk", "help"]}, Unfit.SEVERAL_ROLES),
        ({"clinics": None}, Unfit.NO_CLINICS),
        ({"clinics": "*"}, Unfit.CLINICS_UNFIT),
    ],
)
def test_who_has_no_plain_role_gets_in_nowhere(local: House, claims: Claims, code: Unfit) -> None:
    local.idp.people["bilal"] |= claims
    browser = local.browser()
    answer = local.sign_in(browser=browser)
    assert (answer.status, said(answer)) == (403, words.outside(Outside(code), name=NAME))
    assert not browser.is_in()
    assert [each.name for each in local.bench.people.everybody()] == ["Asha"]
    event = local.trail()[-1]
    assert (event.action, event.actor, event.result) == (Action.SIGN_IN_FAILED, "unknown", f"refused:{code}")
    assert "bilal" not in str(event).lower()


def test_another_role_at_the_next_sign_in_cuts_the_sessions_before_it(local: House) -> None:
    first, second = local.browser(), local.browser()
    local.sign_in(browser=first)
    local.sign_in(browser=second)
    assert first.is_in()
    local.idp.people["bilal"] = {"name": "Another Name", "role": "help", "clinics": "*"}
    local.sign_in(browser=second)
    assert not first.is_in()
    assert second.is_in()
    person = local.person()
    assert (person.name, person.role, person.clinics) == (f"Bilal Khan via {NAME}", Role.SUPPORT, None)


def test_a_role_that_was_taken_away_ends_every_session_at_the_next_try(local: House) -> None:
    first = local.browser()
    local.sign_in(browser=first)
    del local.idp.people["bilal"]["role"]
    local.sign_in()
    assert not first.is_in()
    assert local.trail()[-1].actor == f"Bilal Khan via {NAME}"


def test_whom_an_owner_disabled_the_provider_cannot_let_in(local: House) -> None:
    browser = local.browser()
    local.sign_in(browser=browser)
    owner.disable(OPERATOR, local.bench.accounts, local.person().person_id, at=now())
    assert not browser.is_in()
    local.idp.people["bilal"] |= {"role": "help", "clinics": "*"}
    answer = local.sign_in(browser=browser)
    assert (answer.status, said(answer)) == (403, words.outside(Outside(Barred.ACCOUNT_DISABLED), name=NAME))
    assert not browser.is_in()
    assert local.person().role is Role.CLINIC_ADMIN


def test_who_says_no_at_the_provider_is_told_how_to_go_on(local: House) -> None:
    browser = local.browser()
    answer = browser.get(f"/oidc/callback?error=access_denied&state={browser.start()['state']}")
    assert (answer.status, said(answer)) == (403, words.outside(Outside(Barred.PROVIDER_REFUSED), name=NAME))
    assert local.trail()[-1].result == f"refused:{Barred.PROVIDER_REFUSED}"


HTML = (200, b"<html>Please sign in to the wifi</html>", {"Content-Type": "text/html"})


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ((500, b"Traceback secret", {}), ProviderFault.DOWN),
        ((429, b"", {}), ProviderFault.DOWN),
        ((404, b"", {}), ProviderFault.NONSENSE),
        ((302, b"", {"Location": "https://evil.example/"}), ProviderFault.NONSENSE),
        (HTML, ProviderFault.NONSENSE),
        ((200, b"[1]", {}), ProviderFault.NONSENSE),
        ((200, b"[" * 200_000, {}), ProviderFault.NONSENSE),
        ((200, b'{"issuer": "' + b"x" * 300_000 + b'"}', {}), ProviderFault.NONSENSE),
    ],
)
@pytest.mark.parametrize("when", ["there", "back"])
def test_a_provider_that_is_broken_is_said_in_one_sentence(
    local: House, answer: tuple[int, bytes, dict[str, str]], fault: ProviderFault, when: str
) -> None:
    browser, path = local.browser(), "/oidc/start"
    if when == "back":
        path = local.back("bilal", browser.start())
    local.idp.answer = answer
    unavailable(local, browser.get(path), fault)


def unavailable(local: House, answer: Answer, fault: ProviderFault) -> None:
    assert (answer.status, said(answer)) == (503, words.provider(ProviderUnavailable(fault), name=NAME))
    event = local.trail()[-1]
    assert (event.action, event.result) == (Action.SIGN_IN_FAILED, f"failed:{fault}")
    assert b"secret" not in answer.body


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({"issuer": "https://evil.example"}, ProviderFault.ISSUER),
        ({"issuer": None}, ProviderFault.ISSUER),
        ({"token_endpoint": "http://id.example/token"}, ProviderFault.NONSENSE),
        ({"jwks_uri": "file:///etc/passwd"}, ProviderFault.NONSENSE),
        ({"authorization_endpoint": None}, ProviderFault.NONSENSE),
        ({"authorization_endpoint": "https://[::1"}, ProviderFault.NONSENSE),
        ({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}, ProviderFault.NONSENSE),
    ],
)
def test_a_document_that_leads_astray_is_not_followed(local: House, document: Claims, fault: ProviderFault) -> None:
    local.idp.document = document
    unavailable(local, local.browser().get("/oidc/start"), fault)


def test_where_nobody_answers_it_is_said() -> None:
    with house(Site(), issuer=refused_address()) as found:
        unavailable(found, found.browser().get("/oidc/start"), ProviderFault.DOWN)


@pytest.mark.parametrize("how", ["stalls", "trickles"])
def test_a_provider_that_takes_for_ever_is_not_waited_for(how: str) -> None:
    with house(Site(), budget_s=0.6) as found:
        browser = found.browser()
        path = found.back("bilal", browser.start())
        setattr(found.idp, how, True)
        start = time.monotonic()
        unavailable(found, browser.get(path), ProviderFault.SLOW)
        assert time.monotonic() - start < 3


def test_a_wrong_client_secret_is_said_to_whoever_runs_the_dashboard() -> None:
    with house(Site(), client_secret="of another application") as found:
        unavailable(found, found.sign_in(), ProviderFault.CLIENT)


def test_a_provider_that_wants_the_secret_in_the_form_gets_it_there(local: House) -> None:
    local.idp.document = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    seen: list[dict[str, str]] = []
    local.idp.token = lambda form, _head: (seen.append(form), (400, {"error": "invalid_grant"}))[1]  # type: ignore[method-assign]
    local.sign_in()
    assert (seen[0]["client_id"], seen[0]["client_secret"]) == (CLIENT_ID, CLIENT_SECRET)


def test_where_the_ledger_is_down_nobody_gets_in(local: House) -> None:
    browser = local.browser()
    path = local.back("bilal", browser.start())
    local.bench.people.fault = LedgerUnavailable(LedgerFault.DOWN)
    assert browser.get(path).status == 503
    local.bench.people.fault = None
    assert not browser.is_in()


def test_tries_of_one_address_without_end_are_slowed_down_and_not_all_written_down(local: House) -> None:
    local.idp.people["bilal"] = {}
    for _ in range(51):
        answer = local.sign_in()
    assert answer.status == 429
    assert "Try again in" in said(answer)
    assert len([each for each in local.trail() if each.action == Action.SIGN_IN_FAILED]) == 50


def test_without_a_provider_the_routes_are_ours_all_the_same(local: House) -> None:
    desk = signing_in.Desk(local.site, local.bench.accounts, now)
    routes = oidc_desk.OidcDesk(desk, None).routes()
    with serve(Starlette(routes=[*desk.routes(), *routes])) as served:
        for path in ("/oidc/start", "/oidc/callback"):
            answer = served.ask(path)
            assert (answer.status, said(answer)) == (404, words.NOT_SET_UP)
        assert b"/oidc/" not in served.ask("/signin").body


def test_the_button_is_on_the_sign_in_page_and_keeps_the_way_back(local: House) -> None:
    page = local.browser().get("/signin?next=/%3Frecord%3D12").body.decode()
    assert f'<a class="other" href="/oidc/start?next=%2F%3Frecord%3D12">Sign in with {NAME}</a>' in page
    assert 'name="password"' in page


def test_who_is_locked_without_a_pin_goes_through_the_provider_again_and_comes_back(local: House) -> None:
    browser = local.browser()
    local.sign_in(browser=browser)
    old = browser.cookies[local.site.cookie]
    live = local.bench.accounts.sessions.live(old, at=now())
    assert live is not None
    locking.lock(local.bench.accounts, live, at=now())
    page = browser.get("/unlock?next=/account").body.decode()
    way = "/oidc/start?next=%2Faccount"
    assert f'<a class="other" href="{way}">Sign in with {NAME}</a>' in page
    assert 'type="password"' not in page
    answer = local.sign_in(browser=browser, query=way.removeprefix("/oidc/start"))
    assert answer.headers["location"] == "/account"
    assert browser.cookies[local.site.cookie] != old
    assert browser.is_in()
    assert local.bench.accounts.sessions.held(old, at=now()) is None


def test_whose_password_is_here_unlocks_with_it_and_not_through_the_provider(local: House) -> None:
    browser = local.browser()
    asha = local.bench.accounts.people.by_name("Asha")
    assert asha is not None
    opened = local.bench.accounts.sessions.open_session(asha.person, at=now(), address="")
    browser.cookies[local.site.cookie] = opened.token
    live = local.bench.accounts.sessions.live(opened.token, at=now())
    assert live is not None
    locking.lock(local.bench.accounts, live, at=now())
    page = browser.get("/unlock").body.decode()
    assert 'type="password"' in page
    assert "/oidc/" not in page


def test_the_gate_opens_exactly_the_routes_that_there_are(local: House) -> None:
    desk = signing_in.Desk(local.site, local.bench.accounts, now)
    there: dict[str, set[str]] = {}
    lock_desk = unlocking.LockDesk(desk, Locks(local.bench.accounts, MemoryPins()))
    for route in [*desk.routes(), *oidc_desk.OidcDesk(desk, None).routes(), *lock_desk.routes()]:
        there.setdefault(route.path, set()).update(route.methods)  # type: ignore[attr-defined]
    assert there == {path: set(methods) for path, methods in OPEN_ROUTES.items()}


def test_no_log_line_and_no_event_holds_a_code_a_token_or_the_secret(local: House) -> None:
    browser = local.browser()
    path = local.back("bilal", browser.start())
    browser.get(path)
    told = local.served.lines + [str(each) for each in local.trail()]
    (code,) = local.idp.codes
    secrets = (code, CLIENT_SECRET, *browser.cookies.values(), urlsplit(path).query)
    assert [line for line in told if any(each in line for each in secrets)] == []
    assert [line for line in told if "eyJ" in line] == []
