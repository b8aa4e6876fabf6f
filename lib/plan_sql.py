r"""The SQL of a plan, for PostgreSQL: one transaction, which ends unchanged where any row is not as the plan saw it. Pure.

Literals are printable ASCII, so that they survive mail, editors and the clipboard. They mean the same whether
``standard_conforming_strings`` is on or off: what needs a backslash is written as ``E'…'``, and ``U&'…'`` is not used,
because it is refused where that setting is off.
"""

from __future__ import annotations

import re

from lib.plan_evidence import evidence, shown
from lib.plans import Column, Plan, Repoint

_PLAIN = re.compile(r"[A-Za-z0-9 /_.,:;@#%&+=~!?()\[\]{}<>|^*-]*")

HEAD = """\
-- Points rows at the PDFs that were found for them. For PostgreSQL. Read it, then run it as the owner of the table:
--   psql -v ON_ERROR_STOP=1 -f mend.sql
-- Every line changes exactly one row, and only while it still holds the stored key that the plan saw. Where one does not,
-- the script stops and nothing at all is changed; make a new plan then. Run a second time, it stops at its first line.
-- Where copy.sh is beside it, run that first.
"""


def sql(plan: Plan) -> str:
    """Return the script, or '' where no row is to be pointed elsewhere."""
    if not plan.repoints:
        return ""
    lines = [HEAD, "BEGIN;", "SET LOCAL lock_timeout = '10s';", ""]
    for place, step in enumerate(plan.repoints, start=1):
        lines += [
            f"-- {place} of {len(plan.repoints)}: {evidence(step)}",
            f"-- from {shown(step.old)}",
            f"--   to {shown(step.new)}",
        ]
        lines += [_update(step, plan.site.column), ""]
    return "\n".join([*lines, "COMMIT;", ""])


def literal(text: str) -> str:
    r"""Return a string literal in printable ASCII; raise ValueError for what PostgreSQL cannot hold.

    >>> print(literal("a b.pdf"), literal("it's"), literal("a\\b\n$$é\U0001f600"))
    'a b.pdf' E'it''s' E'a\\b\u000A\u0024\u0024\u00E9\U0001F600'
    """
    if _PLAIN.fullmatch(text):
        return f"'{text}'"
    return "E'" + "".join(map(_written, text)) + "'"


def _written(sign: str) -> str:
    code = ord(sign)
    if code == 0 or 0xD800 <= code <= 0xDFFF:
        raise ValueError("no PostgreSQL text holds NUL or a lone surrogate")
    if sign == "'":
        return "''"
    if sign == "\\":
        return "\\\\"
    if sign != "$" and sign.isascii() and sign.isprintable():  # two dollars would end the block
        return sign
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def name(text: str) -> str:
    """Return a name as PostgreSQL reads it; a dot parts schema and table. The application's own need no quotes.

    >>> name("pdf_file"), name('app.Files"x')
    ('pdf_file', '"app"."Files""x"')
    """
    if text in {"prescription_pdfs", "id", "pdf_file"}:
        return text
    return ".".join('"' + part.replace('"', '""') + '"' for part in text.rsplit(".", 1))


def _update(step: Repoint, column: Column) -> str:
    key = name(column.stored_key)
    is_old = f"{key} IS NULL" if step.old is None else f"{key} = {literal(step.old)}"
    # Every part is a literal or a name that is quoted above, or a number.
    return f"""\
DO $mend$ DECLARE changed bigint; BEGIN
UPDATE {name(column.table)} SET {key} = {literal(step.new)} WHERE {name(column.record_id)} = {step.record_id} AND {is_old};
GET DIAGNOSTICS changed = ROW_COUNT;
IF changed <> 1 THEN RAISE EXCEPTION 'record {step.record_id}: % rows match instead of 1, so nothing was changed', changed; END IF;
END $mend$;"""  # noqa: S608
