"""Small real PDFs that look like a prescription and say that they are none.

fpdf2 needs some milliseconds a document, too long for 1,500 at start-up. So it draws one page for each clinic, in which
every changing value is a placeholder, and each value is then filled in at its placeholder's length: the offsets in the
file's cross-reference table stay right.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

HEADING = "DEMO – not a real prescription"
WIDTHS = {
    "doctor": 60,
    "patient": 70,
    "number": 30,
    "issued": 20,
    "medicine": 70,
    "advice": 70,
    "status": 40,
}
PLACEHOLDER = re.compile(rb"@([a-z]+)~+")
MADE = datetime(2001, 1, 1, tzinfo=UTC)  # stands for the instant in the template
MADE_TEXT = b"D:20010101000000Z"
FILE_ID = re.compile(rb"/ID \[<[0-9A-F]{32}><[0-9A-F]{32}>\]")


@dataclass(frozen=True, slots=True)
class Facts:
    """What one PDF says."""

    doctor: str
    patient: str
    patient_id: str
    prescription_id: int
    version: int
    issued: date
    made_at: datetime
    medicine: str
    advice: str
    status: str


def template(clinic: str, *, colour: tuple[int, int, int]) -> bytes:
    """Return a clinic's page with placeholders."""
    from fpdf import FPDF  # half a second, which the guarded S3's process must not wait for

    pdf = FPDF(format=(148, 210))
    pdf.set_compression(False)  # the placeholders must be found
    pdf.core_fonts_encoding = "cp1252"
    pdf.set_creation_date(MADE)
    pdf.set_title(HEADING)
    pdf.set_margin(12)
    pdf.add_page()
    pdf.set_fill_color(*colour)
    pdf.rect(0, 0, 148, 6, style="F")
    pdf.set_y(12)
    pdf.set_font("Helvetica", "B", 15)
    pdf.cell(text=HEADING, new_x="LMARGIN", new_y="NEXT", h=9)
    pdf.set_font("Helvetica", "B", 12)
    pdf.cell(text=clinic, new_x="LMARGIN", new_y="NEXT", h=8)
    pdf.set_font("Helvetica", "", 9)
    for label, field in (("", "doctor"), ("Patient: ", "patient"), ("Prescription ", "number"), ("Date: ", "issued")):
        pdf.cell(text=label + _placeholder(field), new_x="LMARGIN", new_y="NEXT", h=6)
    pdf.ln(4)
    pdf.set_font("Helvetica", "B", 16)
    pdf.cell(text="Rx", new_x="LMARGIN", new_y="NEXT", h=9)
    pdf.set_font("Helvetica", "", 10)
    for field in ("medicine", "advice", "status"):
        pdf.cell(text=_placeholder(field), new_x="LMARGIN", new_y="NEXT", h=7)
    pdf.set_y(-40)
    pdf.set_font("Helvetica", "I", 8)
    pdf.multi_cell(0, 4, "Everything on this page is made up to show a program. There is no such medicine.")
    return bytes(pdf.output())


def _placeholder(field: str) -> str:
    return f"@{field}".ljust(WIDTHS[field], "~")


def fill(page: bytes, facts: Facts) -> bytes:
    """Return the PDF of one record."""
    values = {
        b"doctor": facts.doctor,
        b"patient": f"{facts.patient_id}  {facts.patient}",  # the id first: a name may have no letter of this font
        b"number": f"{facts.prescription_id}, version {facts.version}",
        b"issued": f"{facts.issued:%d %b %Y}",
        b"medicine": facts.medicine,
        b"advice": facts.advice,
        b"status": facts.status,
    }
    filled = PLACEHOLDER.sub(lambda match: _fitted(values[match[1]], len(match[0])), page)
    filled = filled.replace(MADE_TEXT, facts.made_at.astimezone(UTC).strftime("D:%Y%m%d%H%M%SZ").encode("ascii"))
    file_id = hashlib.md5(filled, usedforsecurity=False).hexdigest().upper().encode("ascii")
    return FILE_ID.sub(b"/ID [<%b><%b>]" % (file_id, file_id), filled)


def _fitted(text: str, width: int) -> bytes:
    """Return a PDF string's inside of exactly this many bytes; what the font lacks becomes a question mark.

    >>> _fitted("a(b)", 8), _fitted("long text", 5), _fitted("x((", 4)
    (b'a\\\\(b\\\\)  ', b'long ', b'x\\\\( ')
    """
    fitted = b""
    for character in re.sub(r"[\x00-\x1f\x7f]", "?", text):
        encoded = character.encode("cp1252", errors="replace")
        piece = b"\\" + encoded if encoded in {b"(", b")", b"\\"} else encoded
        if len(fitted) + len(piece) > width:
            break
        fitted += piece
    return fitted.ljust(width)
