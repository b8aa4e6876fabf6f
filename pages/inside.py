"""What is asked about a record's file on demand: what it holds, for whom it opens, its MD5, its older versions."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import once, wording
from dashboard.once import Drawn
from dashboard.visit import Visit
from dashboard.wording import found as words
from lib import insides, strangers
from lib.access import Permission
from lib.diagnosis import Md5, State
from lib.exposure import Exposure
from lib.insides import Compared, Inside
from lib.listing import Version
from lib.records import Record
from lib.refusals import Refused

OWN = ("inside", "exposure", "compared", "kept_versions")
PRESENT = frozenset({State.FOUND, State.DAMAGED, State.ELSEWHERE})

Learnt = Inside | Compared | Exposure | tuple[Version, ...] | Refused


def render(visit: Visit, record: Record) -> None:
    """Draw what everybody may ask: what the file holds, and whether it opens without a link."""
    with st.container(horizontal=True):
        is_inside = _ask(visit, record, "inside", insides.look, label=words.LOOK_INSIDE, icon="quick_reference_all")
        is_exposed = _ask(visit, record, "exposure", strangers.of_record, label=words.EXPOSURE_ASK, icon="public")
    for learnt in (is_inside, is_exposed):
        if learnt is not None:
            _say(visit, learnt)


def more(visit: Visit, record: Record) -> None:
    """Draw what belongs to the storage details."""
    with st.container(horizontal=True):
        compared = _ask(visit, record, "compared", insides.compare, label=words.COMPARE, icon="fingerprint")
        versions = _ask(visit, record, "kept_versions", insides.versions, label=words.VERSIONS, icon="history")
    for learnt in (compared, versions):
        if learnt is not None:
            _say(visit, learnt)


def _ask(
    visit: Visit, record: Record, name: str, act: Callable[..., Learnt], *, label: str, icon: str
) -> Learnt | None:
    """Return what was learnt; before, draw the button that asks."""
    acts: Drawn[Learnt] = once.drawn(name, of=record.record_id)
    if acts.kept.last is not None:
        return acts.kept.last
    helps = {words.LOOK_INSIDE: words.LOOK_INSIDE_HELP, words.EXPOSURE_ASK: words.EXPOSURE_HELP}.get(label)
    key = acts.key(f"{name}-{record.record_id}")
    if st.button(label, key=key, icon=f":material/{icon}:", type="tertiary", help=helps):
        with st.spinner(words.READING, show_time=True):
            acts.act(lambda: act(*visit.who(), services=visit.services, record=record))
        st.rerun()
    return None


def _say(visit: Visit, learnt: Learnt) -> None:
    match learnt:
        case Refused():
            st.warning(wording.refusal(learnt), icon=":material/visibility_off:")
        case Inside():
            sentence = words.inside(learnt, for_developers=visit.may(Permission.KEYS))
            if learnt.codes:
                st.warning(sentence, icon=":material/quick_reference_all:")
            else:
                st.text(sentence)
        case Compared():
            (st.error if learnt.verdict is Md5.DIFFERS else st.text)(words.compared(learnt))
        case Exposure():
            if learnt is Exposure.OPEN:
                st.warning(words.EXPOSURE[learnt], icon=":material/public:")
            else:
                st.text(words.EXPOSURE[learnt])
        case ():
            st.text(words.NO_VERSIONS)
        case tuple():
            lines = [words.version(each, visit.services.zone) for each in learnt]
            st.code("\n".join(lines), language=None, wrap_lines=True)
