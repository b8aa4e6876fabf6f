"""The page on which people unlock, and the one on which they set a PIN: plain HTML, as those in front of the app are."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from dashboard import form_pages, wording
from dashboard.wording import lock as words
from lib import pins
from lib.locking import NoPin


@dataclass(frozen=True, slots=True)
class Unlock:
    """What the page on which people unlock shows: each way that there is; without any, they sign in again."""

    form_token: str
    wanted: str
    name: str  # the account's, for the password manager
    who: str
    has_pin: bool
    has_password: bool
    has_click: bool  # the demo
    provider: str = ""  # the identity provider's name, for who signs in through it
    problem: str = ""
    is_about_password: bool = False


def unlock(shown: Unlock) -> str:
    """Return the page on which somebody unlocks their screen."""
    hidden = form_pages.hidden_fields(form_token=shown.form_token, next=shown.wanted)
    parts = [
        f'<p class="who">{escape(shown.who)}</p>',
        form_pages.error_line(shown.problem),
        f"<p>{words.LOCKED_WHY}</p>",
    ]
    if shown.has_click:
        label = escape(words.CONTINUE_AS.format(name=shown.name))
        parts.append(_form("/unlock", f'{hidden}<button type="submit" name="click" value="1">{label}</button>'))
    if shown.has_pin:
        field = _pin_field(words.PIN, is_first=not shown.is_about_password)
        parts.append(_form("/unlock", f'{hidden}{field}<button type="submit">{words.UNLOCK}</button>'))
    if shown.has_password:
        name = f'<input name="name" value="{escape(shown.name)}" autocomplete="username" readonly hidden>'
        is_first = not (shown.has_pin or shown.has_click) or shown.is_about_password
        field = form_pages.password_field(is_first=is_first)
        form = _form("/unlock", f'{hidden}{name}{field}<button type="submit">{words.UNLOCK}</button>')
        summary = f"<summary>{words.USE_PASSWORD}</summary>"
        opened = " open" if shown.is_about_password else ""
        parts.append(f"<details{opened}>{summary}{form}</details>" if shown.has_pin else form)
    has_none = not (shown.has_click or shown.has_pin or shown.has_password)
    if has_none:
        parts.append(f"<p>{words.NO_PROOF}</p>")
    if shown.provider:
        parts.append(form_pages.through(shown.provider, shown.wanted))
    if has_none and not shown.provider:
        parts.append(_form("/signout", f'{hidden}<button type="submit">{words.SIGN_IN_AGAIN}</button>'))
    else:
        token = form_pages.hidden_fields(form_token=shown.form_token)
        out = f'<button type="submit" class="second">{wording.SIGN_OUT}</button>'
        parts.append(_form("/signout", f'{token}<p class="apart">{words.SOMEBODY_ELSE}</p>{out}'))
    return form_pages.whole_page(words.LOCKED_TITLE, "".join(parts))


@dataclass(frozen=True, slots=True)
class PinPage:
    """What the page of the PIN shows. ``asks_again`` is for who has no password and signed in too long ago."""

    form_token: str
    name: str
    has_pin: bool
    has_any: bool
    has_password: bool
    asks_again: bool
    provider: str = ""  # as in ``Unlock``
    problem: str = ""


def pin(shown: PinPage) -> str:
    """Return the page on which somebody sets their PIN, or forgets it."""
    token = form_pages.hidden_fields(form_token=shown.form_token)
    parts = [f"<p>{words.PIN_WHAT}</p>", f"<p>{words.PIN_HERE}</p>" if shown.has_pin else ""]
    parts.append(form_pages.error_line(shown.problem))
    if shown.asks_again:
        parts.append("" if shown.problem else f"<p>{words.refused(NoPin.NOT_FRESH)}</p>")
        if shown.provider:
            parts.append(form_pages.through(shown.provider, "/pin"))
        else:
            again = form_pages.hidden_fields(form_token=shown.form_token, next="/pin")
            parts.append(_form("/signout", f'{again}<button type="submit">{words.SIGN_IN_AGAIN}</button>'))
    else:
        name = f'<input name="name" value="{escape(shown.name)}" autocomplete="username" readonly hidden>'
        rule = f'<p id="rule">{words.PIN_RULE}</p>'
        password = form_pages.password_field(is_first=False) if shown.has_password else ""
        button = f'<button type="submit">{words.SET_PIN}</button>'
        parts.append(_form("/pin", token + name + _pin_field(words.NEW_PIN, is_first=True) + rule + password + button))
    if shown.has_any:
        forget = f'<button type="submit" class="second" name="forget" value="1">{words.FORGET_PIN}</button>'
        parts.append(f'<div class="apart">{_form("/pin", token + forget)}</div>')
    parts.append(f'<p><a href="/account">{words.BACK}</a></p>')
    return form_pages.whole_page(words.PIN_TITLE, "".join(parts))


def pin_done(sentence: str) -> str:
    """Return the page that says what became of the PIN."""
    link = f'<p><a href="/account">{words.BACK}</a></p>'
    return form_pages.whole_page(words.PIN_TITLE, f'<p role="status">{escape(sentence)}</p>{link}')


def _form(action: str, inside: str) -> str:
    return f'<form method="post" action="{action}">{inside}</form>'


def _pin_field(label: str, *, is_first: bool) -> str:
    focus = " autofocus" if is_first else ""
    return (
        f'<label for="pin">{label}</label><input id="pin" name="pin" type="password" inputmode="numeric" '
        f'autocomplete="off" minlength="{pins.SHORTEST}" maxlength="{pins.LONGEST}" pattern="[0-9]*" required{focus}>'
    )
