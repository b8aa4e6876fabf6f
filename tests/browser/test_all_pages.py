"""What holds on every page: nothing breaks the content security policy, nothing is asked elsewhere, everybody can use it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.routing import Route

from dashboard.gate import OPEN_ROUTES
from dashboard.origins import Site
from dashboard.signing_in import Desk
from dashboard.unlocking import LockDesk
from lib.locking import Locks
from lib.stores.memory.pins import MemoryPins
from pages import PAGES
from tests.browser import walks
from tests.browser.steps import at_rest
from tests.core.test_contrast import contrast
from tests.parts import needed
from tests.parts.accounts import MemoryBench
from tests.parts.chromium import App, sign_in
from tests.parts.provider import Provider
from tests.parts.watched import Watched

LOOKS = 3
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


def test_every_screen_and_every_plain_page_has_its_walk() -> None:
    assert set(walks.SCREENS) == {screen.url for screen in PAGES}
    opened = {path for path, methods in OPEN_ROUTES.items() if "GET" in methods}
    accounts = MemoryBench().accounts
    inner = LockDesk(Desk(Site(), accounts, lambda: datetime.now(UTC)), Locks(accounts, MemoryPins())).inner_routes()
    assert set(walks.FRONT) == opened | {route.path for route in inner if isinstance(route, Route)}


@pytest.mark.parametrize(
    ("name", "url"), [*(("Asha", screen.url) for screen in PAGES), ("Esha", "activity"), ("Esha", "account")]
)
def test_a_link_to_a_screen_leads_there_for_everybody_who_has_it(
    watched: Watched, demo_app: App, name: str, url: str
) -> None:
    page = watched.tab()
    sign_in(page, demo_app, name=name, wanted=f"/{url}")
    expect(page.get_by_text(f"{name}, ")).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_an_open_list_stays_open_when_what_stands_above_it_grows(watched: Watched, demo_app: App) -> None:
    page = watched.tab()
    page.set_viewport_size({"width": 1280, "height": 500})
    sign_in(page, demo_app, wanted="/people")
    person = page.get_by_role("combobox", name="Person")
    at_rest(page)
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 200")
    at_rest(page)  # what scrolls closes an open list
    person.click()
    expect(page.get_by_role("option", name="Bilal")).to_be_visible()
    page.evaluate(
        "document.querySelector('[data-testid=stMainBlockContainer]')"
        ".prepend(Object.assign(document.createElement('pre'), {textContent: '\\n'.repeat(9)}))"
    )
    page.wait_for_timeout(300)
    page.get_by_role("option", name="Bilal").click()
    expect(person).to_have_value("Bilal")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_where_the_keyboard_is_in_the_menu_can_be_seen(
    browser: Browser, demo_app: App, scheme: Literal["light", "dark"], width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    sign_in(page, demo_app)
    expect(page.get_by_text("Asha, Owner")).to_be_visible()
    if width < 1000:
        page.get_by_test_id("stExpandSidebarButton").press("Enter")
        page.wait_for_timeout(500)  # until the menu has slid in
    here = page.get_by_role("link", name="Explain")
    here.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(here).to_be_focused()
    expect(here).to_have_css("outline-style", "solid")
    ring, below = here.evaluate(
        """(link) => {
          const paint = document.createElement('canvas').getContext('2d');
          const over = (colours) => {
            for (const each of colours) { paint.fillStyle = each; paint.fillRect(0, 0, 1, 1); }
            return '#' + [...paint.getImageData(0, 0, 1, 1).data.slice(0, 3)].map(
              (part) => part.toString(16).padStart(2, '0')).join('');
          };
          const grounds = [];
          for (let each = link; each; each = each.parentElement) grounds.unshift(getComputedStyle(each).backgroundColor);
          const style = getComputedStyle(link);
          const ring = style.outlineStyle === 'solid' ? [style.outlineColor] : [];
          return [over([...grounds, ...ring]), over(grounds)];
        }"""
    )
    assert contrast(ring, below) >= 3
    page.close()


def test_nothing_breaks_the_policy_nothing_is_asked_elsewhere_and_axe_finds_nothing_serious_on_any_page(
    watched: Watched, demo_app: App
) -> None:
    source, found, seen = _axe(), list[str](), list[str]()
    page = watched.tab()
    look = _look(page, demo_app, source, found)

    def see(what: str) -> None:
        seen.append(what)
        look(what)

    walks.everything(walks.Walk(page, demo_app, see))
    assert watched.violations == []
    assert watched.strangers(demo_app.url) == []
    assert len(seen) > len(walks.SCREENS)
    assert any(each.startswith("ws:") for each in watched.asked)
    assert not found, "\n".join(found)


def test_with_a_provider_its_own_page_is_the_only_thing_asked_elsewhere_and_axe_finds_nothing(
    watched: Watched, provider_app: App, idp: Provider
) -> None:
    source, found = _axe(), list[str]()
    page = watched.tab()
    look = _look(page, provider_app, source, found)
    walks.through_provider(walks.Walk(page, provider_app, look), idp)
    strangers = {each.partition("?")[0] for each in watched.strangers(provider_app.url)}
    assert strangers == {f"{idp.issuer}/authorize"}  # where the browser goes to say who it is
    assert watched.violations == []
    assert not found, "\n".join(found)


def test_the_watch_sees_a_violation_and_a_stranger(watched: Watched, demo_app: App) -> None:
    page = watched.tab()
    sign_in(page, demo_app)
    assert watched.strangers(demo_app.url) == []
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/a.png'}))")
    page.wait_for_timeout(300)
    assert any(each.startswith("img-src http://127.0.0.1:9") for each in watched.violations)
    assert set(watched.strangers(demo_app.url)) == {"http://127.0.0.1:9/a.png"}


def test_axe_sees_what_nobody_can_read(watched: Watched, demo_app: App) -> None:
    page = watched.tab()
    page.goto(f"{demo_app.url}/signin")
    page.evaluate("document.querySelector('label').remove()")
    assert any(each.startswith("label:") for each in _violations(page, _axe()))


def _look(page: Page, app: App, source: str, found: list[str]) -> Callable[[str], None]:
    """Return what puts the violations on the page as it is into ``found``."""

    def look(what: str) -> None:
        at = page.url.removeprefix(app.url).partition("token")[0]
        found.extend(f"{at} ({what}) {each}" for each in _violations(page, source))

    return look


AT_REST = """() => !document.querySelector('[data-stale="true"], [data-test-script-state=running]')
  && !document.getAnimations().some((each) => each instanceof CSSTransition && each.playState === 'running')"""


def _axe() -> str:
    try:
        import axe_playwright_python
    except ImportError:
        needed.missing("axe-core", how="pip install -r requirements-dev.txt (axe-playwright-python)")
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def _violations(page: Page, source: str) -> list[str]:
    """Return the serious and critical ones on the page at rest, as ``rule: elements``.

    What a script run has not drawn anew yet is pale for a moment, and comes back slowly (Streamlit 1.67.0,
    ``data-stale`` and a transition of its opacity). A run can also begin while axe looks, which takes seconds on a busy
    machine: what is wrong at rest is wrong each time.
    """
    found: list[str] = []
    for _ in range(LOOKS):
        page.wait_for_function(AT_REST)
        if page.evaluate("!window.axe"):
            page.evaluate(source)
        run = "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"
        answer = page.evaluate(run, list(RULES))
        found = [
            f"{each['id']}: {[node['html'][:160] for node in each['nodes']][:4]}"
            for each in answer["violations"]
            if each["impact"] in {"serious", "critical"}
        ]
        if not found:
            break
    return found
