"""The problems of a run one by one, the worst first, a page at a time, and what is known about the one that was clicked."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import display, lines, wording
from dashboard.visit import Visit
from dashboard.wording import problem_evidence
from dashboard.wording import problems as words
from lib import audit_pages
from lib.access import Permission
from lib.audit_pages import Place
from lib.findings import Finding
from lib.kept_findings import Chosen
from pages.audit_shown import Cause, Shown

PAGE_ROWS = 15
TEXT, TRODDEN, OPEN = "audit_text", "audit_trodden", "audit_open"
NONE = "–"

Placed = tuple[Place, Finding]


def start_over() -> None:
    """Another choice: its first page, and nothing open."""
    for name in (TRODDEN, OPEN):
        st.session_state.pop(name, None)


def chosen(cause: Cause | None, *, text: str = "") -> Chosen:
    """Return what is asked of the book for a cause, None for all.

    >>> from lib.findings import Kind
    >>> chosen((Kind.SHARED_OBJECT, None)).has_code
    False
    """
    if cause is None:
        return Chosen(text=text)
    kind, code = cause
    return Chosen(kind=kind, code=code, has_code=code is not None, text=text)


def search_box() -> str:
    """Draw the field that narrows the rows by a text, and return it."""
    text: str = st.text_input(
        words.SEARCH, key=TEXT, on_change=start_over, type="search", autocomplete="off", width=420
    )
    return text.strip()


def render(visit: Visit, shown: Shown, cause: Cause | None, *, text: str) -> None:
    """Draw a page of rows, and below it the one that is open."""
    trodden: list[Place] = st.session_state.get(TRODDEN, [])
    groups = [each for each in shown.groups if cause is None or (each.kind, each.code) == cause]
    found = audit_pages.page(
        *visit.who(),
        services=visit.services,
        run_id=shown.run.run_id,
        chosen=chosen(cause, text=text),
        limit=PAGE_ROWS + 1,
        after=trodden[-1] if trodden else audit_pages.beginning(groups),
    )
    here = found[:PAGE_ROWS]
    if not here:
        st.info(words.NONE_FITS, icon=":material/search_off:")
        return
    _table(visit, shown, here, has_cause=cause is not None)
    with st.container(horizontal=True, vertical_alignment="center"):
        if trodden:
            st.button("Back", key="audit_back", icon=":material/arrow_back:", on_click=_back)
        if len(found) > PAGE_ROWS:
            st.button("More", key="audit_more", icon=":material/arrow_forward:", on_click=_on, args=(here[-1][0],))
        if trodden or len(found) > PAGE_ROWS:
            first = len(trodden) * PAGE_ROWS + 1
            of = None if text else sum(each.count for each in groups)
            st.caption(words.part(first, first + len(here) - 1, of=of), width="content")
    opened: Placed | None = st.session_state.get(OPEN)
    if opened is not None and opened in here:
        _one(visit, opened[1])


def _on(after: Place) -> None:
    st.session_state[TRODDEN] = [*st.session_state.get(TRODDEN, []), after]
    st.session_state.pop(OPEN, None)


def _back() -> None:
    st.session_state[TRODDEN] = st.session_state.get(TRODDEN, [])[:-1]
    st.session_state.pop(OPEN, None)


def _table(visit: Visit, shown: Shown, here: Sequence[Placed], *, has_cause: bool) -> None:
    cells = [_cells(visit, each, has_cause=has_cause) for _, each in here]
    frame = pd.DataFrame(cells)
    empty = [name for name in frame.columns if all(each[name] in ("", NONE) for each in cells)]
    key = f"problems-{shown.run.run_id}-{has_cause}-{hash(tuple(place for place, _ in here))}"

    def pick(number: int | None) -> None:
        """Open the line that was clicked, and close it where it was clicked again."""
        st.session_state[OPEN] = None if number is None else here[number]

    lines.draw(
        frame.drop(columns=empty),
        key=key,
        on_click=pick,
        alt="Problems one by one; a click on a line shows what is known about it",
        columns={
            "Severity": st.column_config.TextColumn(width=98),
            "Record": st.column_config.TextColumn(width=70),
            "Problem": st.column_config.TextColumn(width=270),
            "Made": st.column_config.TextColumn(width=95),
            "Evidence": st.column_config.TextColumn(width=110),
            "Stored key": st.column_config.TextColumn(width=385 if has_cause else 445),
            "Suggestion": st.column_config.TextColumn(width=400),
            "Object key": st.column_config.TextColumn(width=420),
            "Size": st.column_config.TextColumn(width=80),
            "Written": st.column_config.TextColumn(width=120),
        },
    )
    st.caption(words.PICK_ROW + ("" if visit.may(Permission.KEYS) else f" {words.KEYS_HIDDEN}"))


def _cells(visit: Visit, each: Finding, *, has_cause: bool) -> dict[str, str]:
    """Return the cells of one; a column in which all are empty is not drawn."""
    at, found = each.facts.generated_at, each.suggestion
    cells = {
        "Severity": "" if has_cause else words.SEVERITY[each.severity],
        "Record": NONE if each.record_id is None else str(each.record_id),
        "Problem": "" if has_cause else words.of_one(each),
        "Made": wording.day(at, visit.services.zone) if at else "",
    }
    if visit.may(Permission.KEYS):
        is_alone = each.record_id is None
        cells["Evidence"] = problem_evidence.suggestion(found) if found else ""
        cells["Stored key"] = display.short_key(each.stored or "")
        cells["Suggestion"] = display.short_key(found.key) if found else ""
        cells["Object key"] = display.short_key(each.key or "") if is_alone else ""
    return cells | problem_evidence.of_object(each, zone=visit.services.zone)


def _one(visit: Visit, each: Finding) -> None:
    """Draw all that is known about a finding, and the way to its record."""
    with st.container(border=True, key="audit_one"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{words.of_one(each)}**", width="content")
            st.text(words.SEVERITY[each.severity], width="content")
            number = each.record_id if each.record_id is not None else each.evidence.get("right_of_record")
            if isinstance(number, int):
                st.link_button(
                    words.OPEN_RECORD.format(number=number),
                    f"/find?record={number}",
                    type="tertiary",
                    icon=":material/search:",
                )
        st.text(words.about_one(each))
        if each.record_id is None:
            st.caption(words.NOT_LINKED if each.key else words.OF_BUCKET)
        if visit.may(Permission.KEYS):
            _proof(visit, each)


def _proof(visit: Visit, each: Finding) -> None:
    if lines := _keys(each):
        st.code(lines, language=None, wrap_lines=True)
    if each.suggestion is not None:
        st.text(problem_evidence.rests_on(each.suggestion))
    if known := problem_evidence.evidence(each.evidence, zone=visit.services.zone):
        st.dataframe(
            pd.DataFrame([(name, display.printable(value)) for name, value in known], columns=["What", "Is"]),
            hide_index=True,
            width=620,
            alt="What this problem rests on",
        )


def _keys(each: Finding) -> str:
    """Return the keys below each other, with what a suggestion changes in brackets."""
    right = each.suggestion.key if each.suggestion else None
    stored = each.stored or ""
    left, other = display.difference(stored, right) if right is not None else (display.printable(stored), "")
    told = [
        ("stored", left if each.stored is not None else ""),
        ("resolved", display.printable(each.resolved)),
        ("object", display.printable(each.key) if each.key != each.resolved else ""),
        ("suggestion", other),
    ]
    return "\n".join(f"{name:<11} {key}" for name, key in told if key)
