"""Taking the problems of a run along: each file is prepared when asked for, and lies at no address until it is saved."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import streamlit as st

from dashboard import audit_exports, audit_report, display, wording
from dashboard.visit import Visit
from dashboard.wording import audit_files as words
from lib import audit_export, authority
from lib.access import Permission
from lib.audit_export import Form
from lib.audits import Run
from lib.errors import LedgerUnavailable

MADE = "audit_file"
MOST_EXPORTED = 50_000  # problems in one file


@dataclass(frozen=True, slots=True)
class Kept:
    """A prepared file, or why there is none, and what it was asked for."""

    asked: tuple[object, ...]
    form: Form
    file: bytes = b""
    problems: int = 0
    fault: LedgerUnavailable | None = None


def render(visit: Visit, run: Run) -> None:
    """Draw the three buttons and what was prepared; nothing for a role that sees no findings or no keys."""
    if run.result is None or not (visit.may(Permission.AUDIT) and visit.may(Permission.KEYS)):
        return
    asked = (run.run_id, run.fence, visit.scope)
    with st.container(horizontal=True, key="audit_exports"):
        for form in Form:
            if st.button(words.PREPARE[form], key=f"prepare_{form.name.lower()}", icon=words.ICON[form]):
                st.session_state.pop(MADE, None)
                with st.spinner(words.WRITING, show_time=True):
                    st.session_state[MADE] = _prepare(visit, run, form, asked=asked)
    kept: Kept | None = st.session_state.get(MADE)
    if kept is not None and kept.asked == asked:  # another run has no file yet
        _offer(visit, run, kept)
    else:
        st.caption(words.HELP)


def _prepare(visit: Visit, run: Run, form: Form, *, asked: tuple[object, ...]) -> Kept:
    try:
        if form is Form.REPORT:
            found = audit_export.report(*visit.who(), services=visit.services, run_id=run.run_id)
            text = audit_report.html(found, now=visit.now, zone=visit.services.zone)
            return Kept(asked, form, text.encode("utf-8"), len(found.findings))
        is_csv = form is Form.CSV
        taken = audit_export.export(
            *visit.who(), services=visit.services, run_id=run.run_id, form=form, limit=MOST_EXPORTED
        )
        with closing(taken) as findings:
            lines = list(audit_exports.csv_lines(findings) if is_csv else audit_exports.json_lines(findings))
    except LedgerUnavailable as error:
        return Kept(asked, form, fault=error)
    encoding = audit_exports.CSV_ENCODING if is_csv else "ascii"
    return Kept(asked, form, "".join(lines).encode(encoding), len(lines) - is_csv)


def _offer(visit: Visit, run: Run, kept: Kept) -> None:
    if kept.fault is not None:
        st.error(f"{words.NOT_WRITTEN} {wording.ledger(kept.fault)}", icon=":material/edit_off:")
        return

    def taken() -> bytes:
        """Return the file to who may still have it; until the click it lies at no address."""
        for permission in (Permission.AUDIT, Permission.KEYS):
            authority.require(*visit.who(), permission, services=visit.services, reason="export")
        return kept.file

    name = words.file_name(kept.form, run.run_id, is_full=run.is_full)
    st.download_button(
        words.save(kept.form), taken, name, words.MIME[kept.form], key="save_audit_file", on_click="ignore"
    )
    most = audit_export.MAX_REPORTED if kept.form is Form.REPORT else MOST_EXPORTED
    st.caption(f"{words.prepared(kept.problems, most)} {words.HELP}")
    for sentence in words.caveats(run, quoted=_quoted, has_all_records=visit.scope.clinics is None):
        st.text(f"⚠️ {sentence}")


def _quoted(key: str) -> str:
    return f"“{display.printable(key)}”"
