"""A bucket that fails while it is looked around in: a doubt each time, and never "nothing there"."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from dashboard.demo.guarded_s3 import Fault, GuardedS3, SeedObject
from lib.listing import END_BYTES, Ends, Listed, ObjectLister
from lib.objects import Doubt, ObjectUnavailable
from lib.stores.s3 import S3Config, S3Objects
from lib.stores.s3_listing import S3Lister
from tests.parts import bad_servers
from tests.parts.bad_servers import Line, Talk
from tests.parts.guarded_s3 import LOCATION, config_of

KEY = f"{LOCATION}/a.pdf"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def _lister(config: S3Config) -> ObjectLister:
    return S3Lister(S3Objects(config).connection)


def _served(stack: ExitStack, talk: Talk) -> ObjectLister:
    return _lister(bad_servers.config_of(stack.enter_context(bad_servers.serving(talk))))


def _doubts(lister: ObjectLister) -> set[Doubt | None]:
    """Return how everything that can be asked ends; nothing may be learnt."""
    listed = lister.below(LOCATION)
    assert (listed.sightings, listed.is_complete) == ((), False)
    return {listed.doubt} | {_doubt(ask) for ask in (lister.versions, lister.is_uploading, lister.ends)}


def _doubt(ask: Callable[[str], Any], key: str = KEY) -> Doubt | None:
    with pytest.raises(ObjectUnavailable) as unavailable:
        ask(key)
    return unavailable.value.doubt


SAYS = [
    (403, "AccessDenied", Doubt.DENIED),
    (403, "SignatureDoesNotMatch", Doubt.BAD_SIGNATURE),
    (403, "RequestTimeTooSkewed", Doubt.CLOCK_SKEWED),
    (400, "ExpiredToken", Doubt.EXPIRED_CREDENTIALS),
    (404, "NoSuchBucket", Doubt.NO_BUCKET),
    (404, "NoSuchKey", Doubt.BUCKET_IN_ENDPOINT),
    (503, "SlowDown", Doubt.THROTTLED),
    (500, "InternalError", Doubt.SERVER_ERROR),
    (501, "NotImplemented", Doubt.SERVER_ERROR),
]


@pytest.mark.parametrize(("status", "code", "doubt"), SAYS)
def test_what_an_s3_error_means(stack: ExitStack, status: int, code: str, doubt: Doubt) -> None:
    assert _doubts(_served(stack, bad_servers.s3_error(status, code))) == {doubt}


NO_S3 = {
    "empty 200": bad_servers.answering(200),
    "web server's 404": bad_servers.answering(404, b"<html>not found</html>", content_type="text/html"),
    "proxy's 403": bad_servers.answering(403, b"<html>blocked</html>", content_type="text/html"),
    "redirect to a login page": bad_servers.answering(302, extra="Location: http://127.0.0.1:9/login\r\n"),
    "well-formed HTML with 200": bad_servers.answering(200, b"<html><p>Sign in</p></html>", content_type="text/html"),
    "login page with 200": bad_servers.login_page(),
}


OTHER_DOCUMENTS = {  # with S3's own headers: a gateway that knows the bucket and not the question
    "nothing": b"",
    "HTML": b"<html><p>Not supported</p></html>",
    "a listing": b'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>edrspace</Name>'
    b"<IsTruncated>false</IsTruncated></ListBucketResult>",
}


@pytest.mark.parametrize("body", OTHER_DOCUMENTS.values(), ids=OTHER_DOCUMENTS.keys())
def test_an_answer_that_is_no_versioning_document_does_not_say_that_no_versions_are_kept(
    stack: ExitStack, body: bytes
) -> None:
    lister = _served(stack, bad_servers.answering(200, body, extra="x-amz-request-id: tx0-default\r\n"))
    assert _doubt(lambda _key: lister.keeps_versions()) is Doubt.NOT_S3
    assert _doubt(lister.versions) is Doubt.NOT_S3


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"<?xml version='1.0'?>\n<!-- of\na gateway -->\n"])
def test_what_stands_before_a_document_is_passed_over(stack: ExitStack, before: bytes) -> None:
    body = before + b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    assert _served(stack, bad_servers.answering(200, body, extra="x-amz-request-id: tx0-default\r\n")).keeps_versions()


@pytest.mark.parametrize("talk", NO_S3.values(), ids=NO_S3.keys())
def test_what_is_no_s3_answer_teaches_nothing(stack: ExitStack, talk: Talk) -> None:
    assert _doubts(_served(stack, talk)) == {Doubt.NOT_S3}


def test_a_server_that_hangs_up_and_nobody_at_the_address(stack: ExitStack) -> None:
    assert _doubts(_served(stack, bad_servers.hang_up)) == {Doubt.UNREACHABLE}
    assert _doubts(_lister(bad_servers.config_of(bad_servers.refused_address()))) == {Doubt.UNREACHABLE}


@pytest.mark.parametrize("talk", [bad_servers.black_hole, bad_servers.trickle])
def test_a_stalled_server_is_not_waited_for(stack: ExitStack, talk: Talk) -> None:
    config = bad_servers.config_of(stack.enter_context(bad_servers.serving(talk)), read_timeout_s=30.0)
    lister = S3Lister(S3Objects(config).connection, timeout_s=0.2)
    started = time.monotonic()
    assert _doubts(lister) == {Doubt.TIMED_OUT}
    assert time.monotonic() - started < 5


def _page(
    stack: ExitStack, rows: str, *, name: str = "edrspace", end: str = "<IsTruncated>false</IsTruncated>"
) -> Listed:
    xml = f"<ListBucketResult><Name>{name}</Name>{end}{rows}</ListBucketResult>"
    return _xml(stack, xml)


def _xml(stack: ExitStack, xml: str) -> Listed:
    talk = bad_servers.answering(200, xml.encode(), extra="x-amz-request-id: tx0\r\n")
    return _served(stack, talk).below("p/")


def _row(key: str, size: str = "<Size>1</Size>") -> str:
    return f"<Contents><Key>{key}</Key>{size}<ETag>&quot;0&quot;</ETag></Contents>"


ENCODED = "<EncodingType>url</EncodingType>"
TWO = _row("p/a") + _row("p/b")
PAGES = {
    "another bucket's": ({"rows": TWO, "name": "another"}, Doubt.NOT_S3),
    "no word whether more follows": ({"rows": TWO, "end": ""}, Doubt.NOT_S3),
    "more follows, but no token": ({"rows": TWO, "end": "<IsTruncated>true</IsTruncated>"}, Doubt.OTHER),
    "a token, but nothing follows": (
        {"rows": TWO, "end": "<IsTruncated>false</IsTruncated><NextContinuationToken>x</NextContinuationToken>"},
        Doubt.OTHER,
    ),
    "out of order": ({"rows": _row("p/b") + _row("p/a")}, Doubt.OTHER),
    "the same key twice": ({"rows": _row("p/a") * 2}, Doubt.OTHER),
    "in UTF-16 order": ({"rows": _row("p/\U0001f600") + _row("p/\uff5e")}, Doubt.OTHER),
    "a key from elsewhere": ({"rows": _row("p/a") + _row("q/a")}, Doubt.OTHER),
    "fewer rows than it counts": ({"rows": TWO + "<KeyCount>3</KeyCount>"}, Doubt.OTHER),
    "a row without a key": ({"rows": f"{ENCODED}<Contents><Size>1</Size></Contents>"}, Doubt.OTHER),
    "a row with an empty key": ({"rows": _row("")}, Doubt.OTHER),
    "a row without a size": ({"rows": _row("p/a", "")}, Doubt.OTHER),
    "a size that is no number": ({"rows": _row("p/a", "<Size>x</Size>")}, Doubt.NOT_S3),
    "a key that is no UTF-8": ({"rows": ENCODED + _row("p/%ff")}, Doubt.OTHER),
}


@pytest.mark.parametrize(("page", "doubt"), PAGES.values(), ids=PAGES.keys())
def test_a_page_that_contradicts_itself_teaches_nothing(stack: ExitStack, page: dict[str, str], doubt: Doubt) -> None:
    assert _page(stack, **page) == Listed((), is_complete=False, doubt=doubt)


def test_a_page_that_is_cut_teaches_nothing(stack: ExitStack) -> None:
    xml = f"<ListBucketResult><Name>edrspace</Name><IsTruncated>false</IsTruncated>{TWO}"
    assert _xml(stack, xml) == Listed((), is_complete=False, doubt=Doubt.SERVER_ERROR)  # botocore's own word for it


def test_a_short_page_is_believed_and_is_not_complete(stack: ExitStack) -> None:
    """Ceph's sharded index answers fewer keys than were asked for, and says that more follow."""
    end = "<IsTruncated>true</IsTruncated><NextContinuationToken>p/b</NextContinuationToken>"
    listed = _page(stack, TWO, end=end)
    assert [each.key for each in listed.sightings] == ["p/a", "p/b"]
    assert (listed.is_complete, listed.doubt) == (False, None)
    nothing_yet = _page(stack, "", end=end)
    assert nothing_yet == Listed((), is_complete=False)


def test_a_page_that_begins_before_the_place_that_was_asked_for_is_not_believed(stack: ExitStack) -> None:
    xml = f"<ListBucketResult><Name>edrspace</Name><IsTruncated>false</IsTruncated>{TWO}</ListBucketResult>"
    lister = _served(stack, bad_servers.answering(200, xml.encode(), extra="x-amz-request-id: tx0\r\n"))
    assert lister.below("p/", after="p/a") == Listed((), is_complete=False, doubt=Doubt.OTHER)
    assert len(lister.below("p/", after="p/").sightings) == 2


def test_a_space_may_be_written_in_two_ways(stack: ExitStack) -> None:
    listed = _page(stack, ENCODED + _row("p/a%20%2B%25") + _row("p/b+%2B%25"))
    assert [each.key for each in listed.sightings] == ["p/a +%", "p/b +%"]


def test_a_page_of_others_that_ends_before_the_key_says_nothing_of_it(stack: ExitStack) -> None:
    more = "<IsTruncated>true</IsTruncated>"
    answers = {
        "versions": f"<ListVersionsResult><Name>edrspace</Name>{more}</ListVersionsResult>",
        "uploads": f"<ListMultipartUploadsResult><Bucket>edrspace</Bucket>{more}</ListMultipartUploadsResult>",
    }

    def talk(first: str, line: Line) -> None:
        xml = next(xml for word, xml in answers.items() if word in first)
        bad_servers.answering(200, xml.encode(), extra="x-amz-request-id: tx0\r\n")(first, line)

    lister = _served(stack, talk)
    assert {_doubt(lister.versions), _doubt(lister.is_uploading)} == {Doubt.OTHER}


def _object(body: bytes, *, status: int = 206, said: int | None = None, extra: str = "", etag: str = "0") -> Talk:
    """Answer one object's bytes and promise ``said`` of them."""

    def talk(first: str, line: Line) -> None:
        head = f'HTTP/1.1 {status} X\r\nETag: "{etag}"\r\nx-amz-request-id: tx0\r\nConnection: close\r\n{extra}'
        line.send(f"{head}Content-Length: {len(body) if said is None else said}\r\n\r\n".encode() + body)

    return talk


def _range(start: int, last: int, size: int) -> str:
    return f"Content-Range: bytes {start}-{last}/{size}\r\n"


def test_a_server_that_ignores_the_range_is_cut_off_at_once(stack: ExitStack) -> None:
    sent = []

    def talk(first: str, line: Line) -> None:
        line.send(b'HTTP/1.1 200 OK\r\nETag: "0"\r\nx-amz-request-id: tx0\r\nContent-Length: 100000000\r\n\r\n')
        for _ in range(1526):
            sent.append(1)
            line.send(b"x" * 65536)

    started = time.monotonic()
    assert _doubt(_served(stack, talk).ends) is Doubt.NOT_S3
    assert time.monotonic() - started < 5
    assert len(sent) * 65536 < 20_000_000, "what fits into the sockets' buffers, and not the whole"


def test_a_server_that_never_stops_and_counts_nothing_is_cut_off_too(stack: ExitStack) -> None:
    def talk(first: str, line: Line) -> None:
        line.send(b'HTTP/1.1 200 OK\r\nETag: "0"\r\nx-amz-request-id: tx0\r\nConnection: close\r\n\r\n')
        while not line.closing.is_set():
            line.send(b"x" * 65536)

    assert _doubt(_served(stack, talk).ends) is Doubt.NOT_S3


def test_a_small_object_that_comes_whole_is_enough(stack: ExitStack) -> None:
    lister = _served(stack, _object(b"%PDF", status=200))
    assert lister.ends(KEY) == Ends(b"%PDF", b"%PDF", 4, None, None)


WRONG_PARTS = {
    "other bytes than asked": (_object(b"x" * 1024, extra=_range(1, 1024, 5000)), Doubt.NOT_S3),
    "more than asked": (_object(b"x" * 5000, extra=_range(0, 4999, 5000)), Doubt.NOT_S3),
    "fewer than asked": (_object(b"x" * 10, extra=_range(0, 9, 5000)), Doubt.NOT_S3),
    "cut on the way": (_object(b"x" * 10, said=1024, extra=_range(0, 1023, 5000)), Doubt.UNREACHABLE),
    "no sense": (_object(b"x" * 10, extra="Content-Range: bytes */x\r\n", said=5000), Doubt.NOT_S3),
}


@pytest.mark.parametrize(("talk", "doubt"), WRONG_PARTS.values(), ids=WRONG_PARTS.keys())
def test_other_bytes_than_those_asked_for_are_not_believed(stack: ExitStack, talk: Talk, doubt: Doubt) -> None:
    assert _doubt(_served(stack, talk).ends) is doubt


def test_an_object_that_is_replaced_between_the_two_ends_is_not_judged(stack: ExitStack) -> None:
    asked: list[str] = []

    def talk(first: str, line: Line) -> None:
        asked.append(first)
        where = _range(0, 1023, 5000) if len(asked) == 1 else _range(3976, 4999, 5000)
        _object(b"x" * END_BYTES, extra=where, etag=str(len(asked)))(first, line)

    assert _doubt(_served(stack, talk).ends) is Doubt.OTHER
    assert len(asked) == 2


def test_a_404_without_a_listing_that_works_is_not_absence(stack: ExitStack) -> None:
    def talk(first: str, line: Line) -> None:
        is_listing = "list-type=2" in first
        bad_servers.s3_error(403 if is_listing else 404, "AccessDenied" if is_listing else "NoSuchKey")(first, line)

    assert _doubt(_served(stack, talk).ends) is Doubt.NO_LISTING


def test_a_bucket_that_recovers_is_believed_at_once(guarded_s3: GuardedS3) -> None:
    guarded_s3.put(SeedObject(KEY, b"%PDF"))
    lister = _lister(config_of(guarded_s3))
    for fault, doubt in ((Fault.BUSY, Doubt.THROTTLED), (Fault.DENY, Doubt.DENIED), (Fault.HTML, Doubt.NOT_S3)):
        guarded_s3.answer_with = fault
        assert _doubts(lister) == {doubt}
        guarded_s3.answer_with = None
        assert [each.key for each in lister.below("").sightings] == [KEY]
        assert lister.ends(KEY).first == b"%PDF"


WRONG = [
    ({"secret_access_key": "wrong"}, Doubt.BAD_SIGNATURE),
    ({"access_key_id": "UNKNOWN"}, Doubt.UNKNOWN_ACCESS_KEY),
    ({"access_key_id": ""}, Doubt.NO_CREDENTIALS),
    ({"bucket": "another"}, Doubt.NO_BUCKET),
    ({"bucket": "no bucket's name"}, Doubt.NO_BUCKET),
]


@pytest.mark.parametrize(("changes", "doubt"), WRONG)
def test_a_wrong_setting_is_named(guarded_s3: GuardedS3, changes: dict[str, object], doubt: Doubt) -> None:
    guarded_s3.put(SeedObject(KEY, b"%PDF"))
    assert _doubts(_lister(config_of(guarded_s3, **changes))) == {doubt}


def test_an_endpoint_that_already_contains_the_bucket(guarded_s3: GuardedS3) -> None:
    config = config_of(guarded_s3, endpoint_url=f"{guarded_s3.endpoint_url}/edrspace")
    assert _doubts(_lister(config)) == {Doubt.BUCKET_IN_ENDPOINT}


def test_each_question_is_one_request_and_the_ends_are_two(stack: ExitStack) -> None:
    asked: list[str] = []

    def talk(first: str, line: Line) -> None:
        asked.append(first)
        where = _range(0, 1023, 5000) if len(asked) == 1 else _range(3976, 4999, 5000)
        if "?" in first:
            root = b"ListVersionsResult" if "?versions" in first else b"R"
            xml = b"<%b><Name>edrspace</Name><Bucket>edrspace</Bucket><IsTruncated>false</IsTruncated></%b>" % (
                root,
                root,
            )
            bad_servers.answering(200, xml, extra="x-amz-request-id: tx0\r\n")(first, line)
        else:
            _object(b"x" * END_BYTES, extra=where)(first, line)

    lister = _served(stack, talk)
    lister.ends(KEY)
    assert len(asked) == 2
    lister.below("a +&/", limit=20)
    lister.versions(KEY)
    lister.is_uploading(KEY)
    assert len(asked) == 5
    assert "prefix=a%20%2B%26%2F" in asked[2]
    assert "max-keys=20" in asked[2]
    assert "max-keys=50" in asked[3]
