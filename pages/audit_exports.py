"""Taking the problems of a run along: each file is prepared when asked for, and lies at no address until it is saved."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import streamlit as st

from dashboard import audit_exports, audit_report, display, once, wording
from dashboard.once import Drawn
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
    """A prepared file, or why there is none."""

    form: Form
    at: datetime
    file: bytes = b""
    problems: int = 0
    fault: LedgerUnavailable | None = None


def render(visit: Visit, run: Run) -> None:
    """Draw the three buttons and what was prepared; nothing for a role that sees no findings or no keys."""
    if run.result is None or not (visit.may(Permission.AUDIT) and visit.may(Permission.KEYS)):
        return
    of = (run.run_id, run.fence, visit.scope)  # another run has no file yet
    acts: dict[Form, Drawn[Kept]] = {form: once.drawn(f"{MADE}_{form.name.lower()}", of=of) for form in Form}
    with st.container(horizontal=True, key="audit_exports"):
        for form, each in acts.items():
            key = each.key(f"prepare_{form.name.lower()}")
            if st.button(words.PREPARE[form], key=key, icon=words.ICON[form]):
                for other in acts.values():
                    if other is not each:
                        other.kept.last = None  # one file at a time: they may be large
                with st.spinner(words.WRITING, show_time=True):
                    each.act(partial(_prepare, visit, run, form))
                st.rerun()
    made = [each.kept.last for each in acts.values() if each.kept.last is not None]
    if made:
        _offer(visit, run, max(made, key=lambda each: each.at))
    else:
        st.caption(words.HELP)


def _prepare(visit: Visit, run: Run, form: Form) -> Kept:
    at = visit.now
    try:
        if form is Form.REPORT:
            found = audit_export.report(*visit.who(), services=visit.services, run_id=run.run_id)
            text = audit_report.html(found, now=at, zone=visit.services.zone)
            return Kept(form, at, text.encode("utf-8"), len(found.findings))
        is_csv = form is Form.CSV
        taken = audit_export.export(
            *visit.who(), services=visit.services, run_id=run.run_id, form=form, limit=MOST_EXPORTED
        )
        with closing(taken) as findings:
            lines = list(audit_exports.csv_lines(findings) if is_csv else audit_exports.json_lines(findings))
    except LedgerUnavailable as error:
        return Kept(form, at, fault=error)
    encoding = audit_exports.CSV_ENCODING if is_csv else "ascii"
    return Kept(form, at, "".join(lines).encode(encoding), len(lines) - is_csv)


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
