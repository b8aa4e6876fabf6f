"""A page of a listing is read by a regular expression, and never otherwise than a real XML parser reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote_from_bytes
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.row_lines import escaped
from lib.stores import s3_page_parser
from lib.stores.s3_page_xml import NotAListing

MD5 = "0123456789abcdef0123456789abcdef"
DATE = "2026-11-24T08:00:00.000Z"
CEPH_TAIL = "<StorageClass>STANDARD</StorageClass><Owner><ID>o</ID><DisplayName>o &amp; p</DisplayName></Owner><Type>Normal</Type>"
AWS_SUMS = "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>"


def _aws(key: bytes) -> str:
    return quote_from_bytes(key, safe="/-._*").replace("%20", "+")


def _ceph(key: bytes) -> str:
    return quote_from_bytes(key, safe="/-._~")


def _entry(key: str, *, etag: str = f"&quot;{MD5}&quot;", size: str = "7", sums: str = "", tail: str = "") -> str:
    date = f"<LastModified>{DATE}</LastModified>"
    return f"<Contents><Key>{key}</Key>{date}<ETag>{etag}</ETag>{sums}<Size>{size}</Size>{tail}</Contents>"


def _page(*entries: str, head: str = "", end: str = "<IsTruncated>false</IsTruncated>", encoding: str = "url") -> bytes:
    encoded = f"<EncodingType>{encoding}</EncodingType>" if encoding else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>edrspace</Name>{encoded}{head}{end}{''.join(entries)}</ListBucketResult>"
    ).encode()


def _is_read_fast(body: bytes) -> bool:
    return s3_page_parser._read_fast(body) is not None


@given(
    st.lists(st.binary(min_size=1, max_size=40), unique=True),
    st.sampled_from([_aws, _ceph]),
    st.sampled_from(["", AWS_SUMS]),
    st.sampled_from(["", CEPH_TAIL]),
)
def test_any_key_is_read_alike_by_both_and_comes_back_byte_for_byte(
    keys: list[bytes], written: Callable[[bytes], str], sums: str, tail: str
) -> None:
    keys.sort()
    body = _page(
        *(_entry(written(key), sums=sums, tail=tail) for key in keys), head=f"<KeyCount>{len(keys)}</KeyCount>"
    )
    fast, slow = s3_page_parser._read_fast(body), s3_page_parser._read_slowly(body)
    assert fast is not None
    assert (fast.keys, fast.lines, fast.token) == (slow.keys, slow.lines, slow.token)
    assert fast.keys == keys
    assert fast.lines == [escaped(key) + f"\t{MD5}\t7".encode() for key in keys]
    assert fast.is_ascending
    for line in fast.lines:
        assert fast.modified(line) == slow.modified(line) == datetime(2026, 11, 24, 8, tzinfo=UTC)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=20))
def test_a_store_that_does_not_encode_is_read_alike_too(key: str) -> None:
    body = _page(_entry(escape(key)), encoding="")
    try:
        slow = s3_page_parser._read_slowly(body)
    except NotAListing:  # a control character: no XML
        fast = s3_page_parser._read_fast(body)
        assert fast is None or fast.keys == [key.encode()]
        return
    page = s3_page_parser.parse(body)
    assert page.keys == slow.keys == [key.encode()]
    assert page.lines == slow.lines


OTHERWISE = {
    "another order": f"<Contents><Size>7</Size><LastModified>{DATE}</LastModified><ETag>{MD5}</ETag><Key>a%20b</Key></Contents>",
    "a date in another zone": _entry("a%20b").replace(".000Z", "+05:30"),
    "an element that nobody knows": _entry("a%20b", tail="<Colour>red</Colour>"),
    "an element of its own kind inside": _entry("a%20b", tail="<Owner><Key>other</Key></Owner>"),
    "blanks between": _entry("a%20b").replace("><", ">\n  <"),
    "an upper-case ETag": _entry("a%20b", etag=f'"{MD5.upper()}"'),
    "a reference in the key": _entry("a&#37;20b"),
    "a comment": f"<!-- <Contents> -->{_entry('a%20b')}",
    "character data": _entry("<![CDATA[a%20b]]>"),
    "a size with zeros before it": _entry("a%20b", size="007"),
}


@pytest.mark.parametrize("entry", OTHERWISE.values(), ids=OTHERWISE.keys())
def test_what_is_written_otherwise_goes_to_the_xml_parser_and_is_read_right(entry: str) -> None:
    body = _page(entry, head="<KeyCount>1</KeyCount>")
    assert not _is_read_fast(body)
    assert s3_page_parser.parse(body).lines == [f"a b\t{MD5}\t7".encode()]


@pytest.mark.parametrize("etag", [f"&quot;{MD5}-12&quot;", f'"{MD5}-12"'])
def test_a_multipart_etag_keeps_its_dash_however_its_quotes_are_written(etag: str) -> None:
    body = _page(_entry("a", etag=etag))
    assert _is_read_fast(body)
    assert s3_page_parser.parse(body).lines == [f"a\t{MD5}-12\t7".encode()]


NO_PAGES = {
    "nothing": b"",
    "HTML": b"<html><p>Sign in</p></html>",
    "an error": b"<Error><Code>SlowDown</Code></Error>",
    "no bucket's name": _page(_entry("a")).replace(b"<Name>edrspace</Name>", b""),
    "two names": _page(_entry("a"), head="<Name>edrspace</Name>"),
    "no word whether more follows": _page(_entry("a"), end=""),
    "truncated without a token": _page(_entry("a"), end="<IsTruncated>true</IsTruncated>"),
    "a token, but nothing follows": _page(_entry("a"), head="<NextContinuationToken>x</NextContinuationToken>"),
    "fewer than it counts": _page(_entry("a"), head="<KeyCount>2</KeyCount>"),
    "more than it counts, one not as usual": _page(
        _entry("a"), _entry("b").replace("<Size>", "<Odd/><Size>"), head="<KeyCount>1</KeyCount>"
    ),
    "more than it counts": _page(_entry("a"), _entry("b"), head="<KeyCount>1</KeyCount>"),
    "cut behind an object": _page(_entry("a"), _entry("b")).partition(b"<Contents><Key>b")[0],
    "cut before its end": _page(_entry("a")).removesuffix(b"</ListBucketResult>"),
    "a size that is no number": _page(_entry("a", size="-7")),
    "no size": _page(_entry("a").replace("<Size>7</Size>", "")),
    "an object without a key": _page(_entry("")),
    "another encoding than was asked for": _page(_entry("a"), encoding="base64"),
    "a document type": _page(_entry("a")).replace(b"\n", b"<!DOCTYPE x [<!ENTITY a 'b'>]>"),
    "no date": _page(_entry("a").replace(f"<LastModified>{DATE}</LastModified>", "")),
    "a date that is none": _page(_entry("a").replace(DATE, "yesterday")),
    "a date before all dates": _page(_entry("a").replace(DATE, "0001-01-01T00:00:00+14:00")),
    "a date of nowhere": _page(_entry("a").replace(".000Z", ".000")),
    "an ETag with a tab": _page(_entry("a", etag="a\tb")),
}


@pytest.mark.parametrize("body", NO_PAGES.values(), ids=NO_PAGES.keys())
def test_what_is_no_page_or_contradicts_itself_is_refused(body: bytes) -> None:
    with pytest.raises(NotAListing):
        s3_page_parser.parse(body)


MORE = "<IsTruncated>true</IsTruncated><NextContinuationToken>{}</NextContinuationToken>"


@pytest.mark.parametrize("token", ["1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=", "edrcontainer1/a%20b.pdf", "key:x"])
def test_a_token_is_used_as_it_is_written(token: str) -> None:
    assert s3_page_parser.parse(_page(_entry("a"), end=MORE.format(token))).token == token


@pytest.mark.parametrize("token", ["a\x01b", "a&#x01;b", "a&amp;b", "a\nb", "a b", "caf\u00e9", "a\ufffe"])
def test_a_token_that_may_mean_something_else_than_it_shows_is_not_used(token: str) -> None:
    body = _page(_entry("a"), end=MORE.format(token))
    assert s3_page_parser.parse(body).token == ""
    assert s3_page_parser.parse(_page(_entry("a", tail="<Odd/>"), end=MORE.format(token))).token == ""


@pytest.mark.parametrize("echo", ["a\x01b", "a&#x01;b", "a\ufffe"])
def test_what_was_asked_for_may_come_back_as_no_xml(echo: str) -> None:
    head = f"<Prefix>{echo}</Prefix><StartAfter>{echo}</StartAfter>"
    assert s3_page_parser.parse(_page(_entry("a"), head=head)).keys == [b"a"]
    assert s3_page_parser.parse(_page(_entry("a", tail="<Odd/>"), head=head)).keys == [b"a"]


def test_an_empty_page_and_a_closed_element_for_no_token() -> None:
    page = s3_page_parser.parse(_page(head="<KeyCount>0</KeyCount><NextContinuationToken/>"))
    assert (page.lines, page.keys, page.token) == ([], [], None)


def test_a_date_that_no_calendar_has_is_not_known() -> None:
    page = s3_page_parser.parse(_page(_entry("a").replace("-24T", "-31T")))
    assert page.modified(page.lines[0]) is None
    assert page.modified(b"c\t\t7") is None
