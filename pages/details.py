"""Storage details of the open record: what is stored, what is asked for, what each of them answers."""

from __future__ import annotations

import shlex

import streamlit as st

from dashboard import display, wording
from dashboard.visit import Visit
from lib import diagnosis, whereabouts
from lib.catalogue import Code
from lib.objects import Observation
from lib.records import Record
from lib.whereabouts import Place
from pages import inside, rows


def render(visit: Visit, record: Record, *, seen: Observation | None) -> None:
    """Draw the closed section; opened, it asks the bucket about the bare stored key too."""
    section = st.expander("Storage details", icon=":material/database:", key="details_open", on_change="rerun")
    if not section.open:
        return
    place = whereabouts.place_of(*visit.who(), services=visit.services, record=record)
    if place is None:
        return
    found = place.keys
    with section:
        st.markdown("**Keys**")
        st.code(display.key_lines(found), language=None, wrap_lines=True)
        if not found.agree:
            st.warning(wording.RESOLVERS_DISAGREE, icon=":material/call_split:")
        if found.problem is Code.PLACEHOLDER_FOLDER:  # how the application names it: nothing is wrong
            st.info(wording.CODE[found.problem].developers, icon=":material/info:")
        elif found.problem is not None:
            st.warning(wording.CODE[found.problem].developers, icon=":material/rule:")
        st.markdown("**What the bucket answers**")
        alone = rows.observations(visit, [found.stored], name="details-check")
        st.code(
            f"stored key    → {_answer(alone.get(found.stored) if alone else None)}\nresolved key  → {_answer(seen)}",
            language=None,
        )
        _facts(visit, record, place=place, seen=seen)
        inside.more(visit, record)
        st.markdown("**Ask it yourself**")
        st.code(_head_command(place), language="bash", wrap_lines=True)


def _answer(seen: Observation | None) -> str:
    return wording.CHECKING if seen is None else wording.answer(seen)


def _facts(visit: Visit, record: Record, *, place: Place, seen: Observation | None) -> None:
    zone = visit.services.zone
    facts = {"Bucket": place.bucket, "Endpoint": place.endpoint_url, "Location": place.location or "(empty)"}
    if seen is not None and seen.size_bytes is not None:
        says = f"the record says {record.size_bytes:,}" if record.size_bytes is not None else "the record does not say"
        facts |= {
            "Size": f"{seen.size_bytes:,} bytes ({says})",
            "ETag": display.printable(seen.etag),
            "MD5": wording.MD5[diagnosis.compare_md5(record, seen)],
            "Type": display.printable(seen.content_type),
        }
        if seen.last_modified is not None:
            at = seen.last_modified
            facts["Modified"] = f"{wording.day(at, zone)} {wording.clock_time(at, zone)}"
    width = max(map(len, facts))
    st.code("\n".join(f"{name:<{width}}  {value}" for name, value in facts.items()), language=None, wrap_lines=True)


def _head_command(place: Place) -> str:
    return (
        f"aws s3api head-object --endpoint-url {shlex.quote(place.endpoint_url)} "
        f"--bucket {shlex.quote(place.bucket)} --key {display.shell_word(place.keys.resolved)}"
    )
