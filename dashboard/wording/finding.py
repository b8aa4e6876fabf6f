"""What is said about a search: what can be typed, what it was taken for, what it counts."""

from __future__ import annotations

from collections.abc import Mapping

from lib.diagnosis import State
from lib.records import IndexKind, MissingIndex
from lib.search import Kind

WHAT_TO_TYPE = (
    "Type a phone number or its last digits, part of a name, PAT001, CON153, a prescription number, "
    "part of a key, or paste the link that does not open."
)

WHAT_TO_TYPE_MASKED = (
    "Type PAT001, CON153, a prescription or record number, part of a key, or paste the link that does not open. "
    "Names and phones are hidden from your role."
)

SEARCH_BOX = "Phone, name, PAT…, CON…, or paste a link"
SEARCH_BOX_MASKED = "PAT…, CON…, a number, part of a key, or paste a link"

NOTHING_FOUND = "Nothing found. The text was taken as {tried}."

HINT_OTHER_WORDS = "Try the phone number, the patient id (PAT…) or fewer letters of the name."

HINT_ONE_CLINIC = "Only one clinic is being searched: choose “All clinics”."

HINT_DATES = "The dates narrow the search: clear them."

HINT_OLDER = "A replaced version is found with “Older versions”."

HINT_ONLY_WITHOUT = "Only prescriptions without a PDF are being searched."

DATES_CROSSED = "“From” lies after “To”, so no day is left to search: change one of them."

SLOW_SEARCH = "This search was slow. An index would help."

INDEX_ADVICE = (
    "The dashboard only reads the clinic's database and makes no index. Give this to whoever looks after that database:"
)

TAKEN_AS = {
    Kind.EVERYTHING: "the newest prescriptions",
    Kind.PHONE: "a phone number",
    Kind.PHONE_END: "the end of a phone number",
    Kind.PATIENT: "a patient id",
    Kind.CONSULTATION: "a consultation id",
    Kind.PRESCRIPTION: "a prescription number",
    Kind.RECORD: "a record number",
    Kind.KEY: "a key",
    Kind.KEY_PART: "part of a key",
    Kind.URL: "the address of a PDF",
    Kind.FOREIGN_URL: "an address outside our storage",
    Kind.NAME: "part of a name",
    Kind.TOO_SHORT: "too short a text",
    Kind.HIDDEN: "a name or phone, which your role may not search by",
}

NOTHING_ASKED = {
    Kind.FOREIGN_URL: "This address does not point into our bucket, so no record can match. "
    "Paste the part after the host, or search by patient.",
    Kind.TOO_SHORT: "Type at least two letters, or three digits, to search.",
    Kind.HIDDEN: "Nothing found by number or key. Names and phones are hidden from your role, so they cannot be searched. "
    "Search by PAT…, CON…, a record number or a part of a key.",
}


def count_sentence(
    *,
    shown: int,
    total: int | None,
    is_exact: bool,
    states: Mapping[State | None, int],
    taken_as: Kind,
    is_one_clinic: bool = False,
) -> str:
    """Say what the list counts: this page beside the whole, and the states of this page only.

    >>> count_sentence(shown=25, total=1500, is_exact=False, states={State.FOUND: 23, State.MISSING: 2},
    ...                taken_as=Kind.EVERYTHING)
    '25 of about 1,500, the newest prescriptions; this page: 23 found, 2 missing'
    >>> count_sentence(shown=1, total=1, is_exact=True, states={None: 1}, taken_as=Kind.PATIENT)
    '1 of 1, taken as a patient id; this page: 1 being checked'
    """
    words = {
        State.FOUND: "found",
        State.DAMAGED: "with wrong content",
        State.ELSEWHERE: "in the wrong place",
        State.MISSING: "missing",
        State.UNKNOWN: "can't be checked",
        State.NO_PDF: "without a PDF",
        None: "being checked",
    }
    of = "" if total is None else f" of {'' if is_exact else 'about '}{total:,}"
    taken = TAKEN_AS[taken_as] if taken_as is Kind.EVERYTHING else f"taken as {TAKEN_AS[taken_as]}"
    parts = ", ".join(f"{states[state]} {word}" for state, word in words.items() if states.get(state))
    where = " in one clinic only" if is_one_clinic else ""
    return f"{shown}{of}{where}, {taken}; this page: {parts}"


def text_cut(length: int) -> str:
    """Say that a pasted text was too long to be read whole."""
    return f"The text is too long. Only its first {length:,} characters were read."


def missing_index(index: MissingIndex) -> str:
    """Return the statement that makes an index; nobody but the database's owner runs it.

    >>> missing_index(MissingIndex("prescription_pdfs", ("generated_at", "id")))
    'CREATE INDEX CONCURRENTLY ON prescription_pdfs (generated_at, id);'
    >>> missing_index(MissingIndex("users", ("name",), IndexKind.TRIGRAM))
    'CREATE INDEX CONCURRENTLY ON users USING gin (name gin_trgm_ops);'
    """
    if index.kind is IndexKind.TRIGRAM:
        columns = ", ".join(f"{column} gin_trgm_ops" for column in index.columns)
        return f"CREATE INDEX CONCURRENTLY ON {index.table} USING gin ({columns});"
    return f"CREATE INDEX CONCURRENTLY ON {index.table} ({', '.join(index.columns)});"
