"""The pages in front of the app, as plain HTML: no script, nothing of Streamlit, one style. Every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from starlette.responses import HTMLResponse

from dashboard import wording
from dashboard.security_headers import form_policy
from dashboard.wording import federation

STYLE = """
:root { color-scheme: light dark; --line: #767676; --main: #0f766e; --on-main: #fff; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --main: #2dd4bf; --on-main: #06201d; --bad: #fda29b; } }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; padding: 1.5rem; }
main { max-width: 24rem; margin: 6vh auto 0; }
h1 { font-size: 1.4rem; margin-top: .25rem; }
.app { margin: 0; font-weight: 600; color: var(--main); }
a { color: var(--main); }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
input { font: inherit; width: 100%; box-sizing: border-box; padding: .6rem; border: 1px solid var(--line); border-radius: .4rem; }
button { font: inherit; font-weight: 600; width: 100%; margin-top: 1.25rem; padding: .7rem; border: 0; border-radius: .4rem;
  background: var(--main); color: var(--on-main); cursor: pointer; }
button:focus-visible, input:focus-visible { outline: 3px solid var(--main); outline-offset: 2px; }
form + form { margin-top: 2rem; border-top: 1px solid var(--line); padding-top: .5rem; }
.other { display: block; text-align: center; text-decoration: none; font-weight: 600; margin-top: 1.25rem; padding: .7rem;
  border: 1px solid var(--main); border-radius: .4rem; color: var(--main); }
.other:focus-visible { outline: 3px solid var(--main); outline-offset: 2px; }
.or { display: flex; align-items: center; gap: .75rem; margin: 1.5rem 0 .25rem; font-size: .9rem; }
.or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
button.second { background: transparent; color: inherit; border: 1px solid var(--line); margin-top: .5rem; }
summary { cursor: pointer; margin-top: 1.25rem; }
.who { font-weight: 600; overflow-wrap: anywhere; }
.apart { margin: 2.5rem 0 0; }
.error { border-left: .3rem solid var(--bad); padding-left: .75rem; color: var(--bad); }
"""
HEADERS = {
    "Content-Security-Policy": form_policy(STYLE),
    # With no-referrer a browser sends ``Origin: null`` with a form (Fetch, "append a request Origin header"), which
    # the gate refuses. This sends our origin, and never the path, which may hold a token.
    "Referrer-Policy": "strict-origin",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One button that signs in at once (the demo)."""

    value: str
    label: str


def sign_in(
    *,
    form_token: str,
    wanted: str,
    problem: str = "",
    name: str = "",
    choices: Iterable[Choice] = (),
    provider: str = "",
) -> str:
    """Return the page on which people sign in."""
    hidden = hidden_fields(form_token=form_token, next=wanted)
    offered = tuple(choices)
    first = None if name or not offered else offered[0]  # what Enter does
    buttons = "".join(
        f'<button type="submit" name="person" value="{escape(each.value)}"{" autofocus" if each is first else ""}>'
        f"{escape(each.label)}</button>"
        for each in offered
    )
    one_click = f'<form method="post" action="/signin">{hidden}<p>{wording.DEMO_SIGN_IN}</p>{buttons}</form>'
    return whole_page(
        wording.SIGN_IN,
        error_line(problem)
        + (one_click if buttons else "")
        + (f'{through(provider, wanted)}<p class="or">{federation.OR_PASSWORD}</p>' if provider else "")
        + f'<form method="post" action="/signin">{hidden}'
        + f'<label for="name">{wording.NAME}</label><input id="name" name="name" value="{escape(name)}" '
        'autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="100" required'
        + ("" if name or first else " autofocus")
        + f'>{password_field(is_first=bool(name))}<button type="submit">{wording.SIGN_IN}</button></form>',
    )


def signed_in(*, form_token: str, name: str) -> str:
    """Return the page that somebody who is signed in gets at the same address."""
    return whole_page(
        wording.SIGNED_IN_AS.format(name=name),
        f'<p><a href="/">{wording.CONTINUE}</a></p>'
        f'<form method="post" action="/signout">{hidden_fields(form_token=form_token)}'
        f'<button type="submit">{wording.SIGN_OUT}</button></form>',
    )


def set_password(*, form_token: str, token: str, name: str, problem: str = "") -> str:
    """Return the page on which a one-time link's person chooses a password."""
    return whole_page(
        wording.SET_PASSWORD,
        error_line(problem)
        + f'<form method="post" action="/set-password">{hidden_fields(form_token=form_token, token=token)}'
        + f'<label for="name">{wording.NAME}</label>'
        + f'<input id="name" name="name" value="{escape(name)}" autocomplete="username" readonly>'
        + f'<label for="password">{wording.NEW_PASSWORD}</label>'
        + '<input id="password" name="password" type="password" autocomplete="new-password" minlength="15" '
        'maxlength="256" aria-describedby="rule" required autofocus>'
        + f'<p id="rule">{wording.PASSWORD_RULE}</p><button type="submit">{wording.SET_PASSWORD}</button></form>',
    )


def said(title: str, sentence: str) -> str:
    """Return a page that says one thing."""
    return whole_page(title, f'<p>{escape(sentence)}</p><p><a href="/signin">{wording.SIGN_IN}</a></p>')


def answer(page: str, *, status: int = 200) -> HTMLResponse:
    """Return a page as an answer, with the headers of the pages in front."""
    return HTMLResponse(page, status, headers=HEADERS)


def hidden_fields(**fields: str) -> str:
    """Return what a form sends along unseen."""
    return "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items())


def password_field(*, is_first: bool) -> str:
    """Return where somebody types the password that they have."""
    return (
        f'<label for="password">{wording.PASSWORD}</label><input id="password" name="password" type="password" '
        f'autocomplete="current-password" maxlength="256" required{" autofocus" if is_first else ""}>'
    )


def through(provider: str, wanted: str) -> str:
    """Return the way to the identity provider, and from there to a path of ours."""
    # A link, not a form: a form may lead to our own address only (form-action), and this one leads elsewhere.
    label = escape(federation.SIGN_IN_WITH.format(name=provider))
    start = f"/oidc/start?next={quote(wanted, safe='')}"
    return f'<a class="other" href="{start}">{label}</a>'


def error_line(sentence: str) -> str:
    """Return what went wrong, as a screen reader announces it; nothing for nothing."""
    return f'<p class="error" role="alert">{escape(sentence)}</p>' if sentence else ""


def whole_page(title: str, body: str) -> str:
    """Return a page of ours around what is already HTML."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}: {wording.TITLE}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f'<body><main><p class="app">{wording.TITLE}</p><h1>{escape(title)}</h1>{body}</main></body></html>'
    )
