"""What is asked about a record's file on demand: what it holds, for whom it opens, its MD5, its older versions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from dashboard import wording
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


@dataclass
class Answer:
    """What was learnt of one record. It is put into the session before it is asked for, as ``link.Made``."""

    record_id: int | None
    learnt: Learnt | None = None


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
    kept: Answer | None = st.session_state.get(name)
    if kept is not None and kept.record_id == record.record_id and kept.learnt is not None:
        return kept.learnt
    helps = {words.LOOK_INSIDE: words.LOOK_INSIDE_HELP, words.EXPOSURE_ASK: words.EXPOSURE_HELP}.get(label)
    if st.button(label, key=f"{name}-{record.record_id}", icon=f":material/{icon}:", type="tertiary", help=helps):
        asked = st.session_state[name] = Answer(record.record_id)
        with st.spinner(words.READING, show_time=True):
            asked.learnt = act(*visit.who(), services=visit.services, record=record)
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
