"""What an object really is, judged by how its bytes begin and end."""

from __future__ import annotations

import gzip
import hashlib
import io
from datetime import UTC, date, datetime

import pytest
from fpdf import FPDF
from fpdf.enums import EncryptionMethod
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from dashboard.demo import pdfs
from lib import contents
from lib.catalogue import Code
from lib.contents import Kind
from lib.listing import END_BYTES, Ends
from lib.objects import Doubt, ObjectUnavailable
from lib.stores.memory.objects import MemoryObjects, StoredObject

FACTS = pdfs.Facts(
    doctor="Dr Asha",
    patient="Ravi",
    patient_id="PAT7",
    prescription_id=7,
    version=1,
    issued=date(2026, 11, 24),
    made_at=datetime(2026, 11, 24, tzinfo=UTC),
    medicine="Nothing 5 mg",
    advice="Rest",
    status="final",
)
PDF = pdfs.fill(pdfs.template("Clinic", colour=(10, 90, 160)), FACTS)
NOTHING = frozenset[Code]()


def _ends(body: bytes, content_type: str | None = "application/pdf", content_encoding: str | None = None) -> Ends:
    return Ends(body[:END_BYTES], body[-END_BYTES:], len(body), content_type, content_encoding)


def _drawn(*, pages: int = 1, password: str | None = None, text: str = "Rx") -> bytes:
    pdf = FPDF()
    if password is not None:
        pdf.set_encryption(owner_password=password, user_password=password, encryption_method=EncryptionMethod.AES_256)
    pdf.set_font("Helvetica", size=12)
    for _ in range(pages):
        pdf.add_page()
        pdf.cell(text=text)
    return bytes(pdf.output())


def _rewritten(body: bytes, *, password: str | None = None) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(body)))
    if password is not None:
        writer.encrypt(password, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


WHOLE = {
    "the demo's": PDF,
    "one page": _drawn(),
    "twenty pages": _drawn(pages=20),
    "another writer's": _rewritten(PDF),
    "rubbish in front": b"\r\n--boundary\r\n" + PDF,
    "a byte order mark": b"\xef\xbb\xbf" + PDF,
    "lines behind it": PDF + b"\r\n" * 100,
    "that speaks of encryption": _drawn(text="/Encrypt and /Encryption of 5 0 R"),
}


@pytest.mark.parametrize("body", WHOLE.values(), ids=WHOLE.keys())
def test_a_whole_pdf_has_no_fault(body: bytes) -> None:
    assert contents.kind(_ends(body)) is Kind.PDF
    assert contents.judge(_ends(body)) == NOTHING


@pytest.mark.parametrize("share", [0.001, 0.3, 0.5, 0.9, 0.99])
def test_a_pdf_that_is_cut_is_still_one_and_is_truncated(share: float) -> None:
    body = _drawn(pages=20)
    assert contents.judge(_ends(body[: max(8, int(len(body) * share))])) == {Code.PDF_TRUNCATED}


@given(st.integers(min_value=8, max_value=len(PDF) - 7))
def test_wherever_it_is_cut(place: int) -> None:
    assert contents.judge(_ends(PDF[:place])) == {Code.PDF_TRUNCATED}


def test_a_pdf_that_lost_its_middle_points_beyond_its_end() -> None:
    body = _drawn(pages=20)
    assert contents.judge(_ends(body[:2000] + body[-1024:])) == {Code.PDF_TRUNCATED}


def test_a_pdf_for_the_web_that_is_cut_behind_its_first_part_is_truncated() -> None:
    """It begins with a dictionary that says how long the file is, and its first part ends like a file."""
    first = b"%%PDF-1.7\n1 0 obj\n<< /Linearized 1 /O 3 /H [ 5 9 ] /L %d /N 1 >>\nendobj\nstartxref\n0\n%%%%EOF\n"
    cut = first % 50_000
    assert contents.judge(_ends(cut)) == {Code.PDF_TRUNCATED}
    assert contents.judge(_ends(first % 50)) == NOTHING


@pytest.mark.parametrize("pages", [1, 20])
def test_a_pdf_with_a_password_is_encrypted(pages: int) -> None:
    for body in (_drawn(pages=pages, password="rx"), _rewritten(_drawn(pages=pages), password="rx")):
        assert PdfReader(io.BytesIO(body)).is_encrypted
        assert contents.judge(_ends(body)) == {Code.PDF_ENCRYPTED}


def test_encryption_that_the_first_kib_says_is_seen_too() -> None:
    """A PDF for the web has its trailer in front."""
    body = PDF[:9] + b"\ntrailer << /Encrypt 12 0 R >>\n" + PDF[9:]
    assert contents.judge(_ends(body)) == {Code.PDF_ENCRYPTED}


def test_an_empty_object_has_no_bytes_and_no_other_fault() -> None:
    empty = Ends(b"", b"", 0, "binary/octet-stream", "gzip")
    assert contents.judge(empty) == {Code.ZERO_BYTE}
    assert contents.kind(empty) is Kind.EMPTY


CEPH = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code><Message></Message>'
    b"<BucketName>edrspace</BucketName><RequestId>tx0-sgp1b</RequestId><HostId>1-sgp1b</HostId></Error>"
)
ENTITY = (
    b'<?xml version="1.0"?><!DOCTYPE Error [<!ENTITY x SYSTEM "file:///etc/passwd">]><Error><Code>&x;</Code></Error>'
)
NOT_PDFS = [
    (CEPH, Kind.XML_ERROR),
    (b"\n<Error><Code>AccessDenied</Code></Error>", Kind.XML_ERROR),
    (b"<!DOCTYPE html><html><body>502 Bad Gateway", Kind.HTML),
    (b"\xef\xbb\xbf  <HTML lang=en>", Kind.HTML),
    (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD">', Kind.HTML),
    (b"<!-- cached --><html>", Kind.HTML),
    (b'{"detail": "Not Found"}', Kind.JSON),
    (b"{}", Kind.JSON),
    (b' [{"a": 1}', Kind.JSON),
    (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", Kind.PNG),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", Kind.JPEG),
    (b"PK\x03\x04\x14\x00word/document.xml", Kind.ZIP),
    (gzip.compress(b"<html>not a PDF"), Kind.GZIP),
    (b"\x1f\x8b and no gzip at all", Kind.GZIP),
    (b"<svg xmlns='http://www.w3.org/2000/svg'>", Kind.OTHER),
    (b"{not json", Kind.OTHER),
    (b"[section]\nname=1", Kind.OTHER),
    (b"%PD", Kind.OTHER),
    (b"\0" * 4096, Kind.OTHER),
    (b" " * 4096, Kind.OTHER),
    (b"x" * 1020 + PDF, Kind.OTHER),
    (ENTITY, Kind.OTHER),
]


@pytest.mark.parametrize(("body", "kind"), NOT_PDFS)
@pytest.mark.parametrize("content_type", ["application/pdf", "text/html", None])
def test_what_is_no_pdf_is_named_whatever_its_header_says(body: bytes, kind: Kind, content_type: str | None) -> None:
    ends = _ends(body, content_type)
    assert contents.kind(ends) is kind
    assert contents.judge(ends) == {Code.NOT_PDF}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (CEPH, "NoSuchKey"),
        (b"<Error>\n  <Code> SlowDown </Code>", "SlowDown"),
        (b"<Error><Message>no code", None),
        (b"<Error><Code>" + b"x" * 65 + b"</Code>", None),
        (b"<Error><Code><script></Code>", None),
        (b"<html><Code>NoSuchKey</Code>", None),
        (ENTITY, None),
        (PDF, None),
    ],
)
def test_an_error_page_says_its_code(body: bytes, code: str | None) -> None:
    assert contents.error_code(_ends(body)) == code


@pytest.mark.parametrize(
    ("content_type", "codes"),
    [
        ("application/pdf", NOTHING),
        ("Application/PDF; charset=binary", NOTHING),
        (None, NOTHING),
        ("binary/octet-stream", {Code.CONTENT_TYPE}),
        ("text/html", {Code.CONTENT_TYPE}),
    ],
)
def test_a_pdf_under_another_type(content_type: str | None, codes: frozenset[Code]) -> None:
    assert contents.judge(_ends(PDF, content_type)) == codes


PACKED = gzip.compress(PDF)


@pytest.mark.parametrize(
    ("body", "encoding", "codes"),
    [
        (PDF, "gzip", {Code.CONTENT_ENCODING}),
        (PDF, "aws-chunked, GZIP", {Code.CONTENT_ENCODING}),
        (PDF, "aws-chunked", NOTHING),
        (PDF, "identity", NOTHING),
        (PDF, "", NOTHING),
        (PACKED, None, {Code.CONTENT_ENCODING}),
        (PACKED, "gzip", {Code.CONTENT_ENCODING}),
        (gzip.compress(b"<html>"), "gzip", {Code.CONTENT_ENCODING, Code.NOT_PDF}),
        (CEPH, "gzip", {Code.CONTENT_ENCODING, Code.NOT_PDF}),
    ],
)
def test_a_packed_pdf_and_one_that_only_says_so(body: bytes, encoding: str | None, codes: frozenset[Code]) -> None:
    assert contents.judge(_ends(body, content_encoding=encoding)) == codes


def test_a_gzip_that_would_fill_the_memory_is_unpacked_no_further_than_a_kib() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert contents.judge(_ends(bomb)) == {Code.NOT_PDF}
    assert contents.judge(_ends(gzip.compress(b"\0" * 2000 + PDF))) == {Code.NOT_PDF}


@given(st.binary(max_size=3000), st.one_of(st.none(), st.text()), st.one_of(st.none(), st.text()))
def test_any_bytes_and_any_headers_get_an_answer(body: bytes, content_type: str | None, encoding: str | None) -> None:
    ends = _ends(body, content_type, encoding)
    codes = contents.judge(ends)
    assert (Code.ZERO_BYTE in codes) == (body == b"")
    assert isinstance(contents.kind(ends), Kind)
    contents.error_code(ends)


@pytest.mark.parametrize(
    "start", [b"<!--", b"<?xml ", b"<Error><Code>", b"/Linearized ", b"{ ", b"<!-- --> ", b"/Encrypt "]
)
def test_no_bytes_keep_it_busy(start: bytes) -> None:
    for filler in (b" ", b"-", b"<!--", b"-->", start):
        contents.judge(_ends((start + filler * END_BYTES)[:END_BYTES]))
        contents.judge(_ends((b"%PDF-" + (start + filler * END_BYTES))[:END_BYTES]))


def test_the_md5_is_of_all_bytes_and_refuses_more_than_allowed(now: datetime) -> None:
    store = MemoryObjects({"a.pdf": StoredObject(PDF, etag="0-2")}, clock=lambda: now)
    expected = hashlib.md5(PDF).hexdigest()
    assert contents.md5_of_bytes("a.pdf", store=store, limit_bytes=len(PDF)) == expected
    with pytest.raises(OverflowError):
        contents.md5_of_bytes("a.pdf", store=store, limit_bytes=len(PDF) - 1)
    with pytest.raises(ObjectUnavailable) as missing:
        contents.md5_of_bytes("b.pdf", store=store, limit_bytes=10)
    assert missing.value.doubt is None
    store.doubt = Doubt.DENIED
    with pytest.raises(ObjectUnavailable):
        contents.md5_of_bytes("a.pdf", store=store, limit_bytes=len(PDF))
