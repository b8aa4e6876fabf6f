"""A listing that fails: asked for again while that may help, and otherwise ended with a doubt and the last key that is sure."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from lib.bucket_pages import ListingBroken, ObjectPage, Turn
from lib.objects import Doubt
from lib.row_spool import RowSpool
from lib.stores.s3_pages import Patience, S3Pages
from lib.walking import Here
from tests.parts import bad_servers
from tests.parts.bad_servers import Line, Talk

S3_HEAD = "x-amz-request-id: tx0\r\n"


@dataclass(slots=True)
class Time:
    """A clock that only sleeping moves."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)

    def patience(self, budget_s: float = 60.0) -> Patience:
        return Patience(budget_s, monotonic=lambda: self.now, sleep=self.sleep, jitter=lambda: 1.0)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def time() -> Time:
    return Time()


def _pages(stack: ExitStack, talk: Talk, time: Time, *, read_timeout_s: float = 2.0, **changes: Any) -> S3Pages:
    config = bad_servers.config_of(stack.enter_context(bad_servers.serving(talk)), **changes)
    return S3Pages(config, read_timeout_s=read_timeout_s, patience=time.patience())


def _in_turn(asked: list[dict[str, list[str]]], *talks: Talk) -> Talk:
    """Answer each request by the next of these, and the last one ever after."""

    def talk(first: str, line: Line) -> None:
        asked.append(parse_qs(urlsplit(first.split(" ")[1]).query))
        talks[min(len(asked), len(talks)) - 1](first, line)

    return talk


def _xml(*keys: str, token: str = "", name: str = "edrspace", count: int | None = None, size: str = "1") -> bytes:
    entries = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2026-11-24T08:00:00.000Z</LastModified>"
        f"<ETag>&quot;0a&quot;</ETag><Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for key in keys
    )
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return (
        f"<ListBucketResult><Name>{name}</Name><KeyCount>{len(keys) if count is None else count}</KeyCount>"
        f"<EncodingType>url</EncodingType><IsTruncated>{'true' if token else 'false'}</IsTruncated>{more}{entries}"
        "</ListBucketResult>"
    ).encode()


def _said(body: bytes, *, content_type: str = "application/xml", extra: str = S3_HEAD) -> Talk:
    return bad_servers.answering(200, body, content_type=content_type, extra=extra)


def _page(*keys: str, **options: Any) -> Talk:
    return _said(_xml(*keys, **options))


FIRST, REST = _page("a", "b", token="t1"), _page("c", "d")


def _broken(pages: Iterator[ObjectPage]) -> tuple[list[bytes], ListingBroken]:
    """Return the keys that came before it broke, and how it did."""
    keys: list[bytes] = []
    try:
        for page in pages:
            keys += page.keys
    except ListingBroken as broken:
        return keys, broken
    pytest.fail("it did not break")


AT_ONCE = [
    (403, "AccessDenied", Doubt.DENIED),
    (403, "SignatureDoesNotMatch", Doubt.BAD_SIGNATURE),
    (403, "InvalidAccessKeyId", Doubt.UNKNOWN_ACCESS_KEY),
    (403, "RequestTimeTooSkewed", Doubt.CLOCK_SKEWED),
    (403, "UserSuspended", Doubt.SUSPENDED),
    (400, "ExpiredToken", Doubt.EXPIRED_CREDENTIALS),
    (400, "InvalidToken", Doubt.EXPIRED_CREDENTIALS),
    (404, "NoSuchBucket", Doubt.NO_BUCKET),
    (404, "NoSuchKey", Doubt.BUCKET_IN_ENDPOINT),
    (301, "PermanentRedirect", Doubt.WRONG_REGION),
    (501, "NotImplemented", Doubt.SERVER_ERROR),
]


@pytest.mark.parametrize(("status", "code", "doubt"), AT_ONCE)
def test_what_no_waiting_changes_ends_the_listing_at_once(
    stack: ExitStack, time: Time, status: int, code: str, doubt: Doubt
) -> None:
    asked: list[dict[str, list[str]]] = []
    talk = _in_turn(asked, FIRST, bad_servers.s3_error(status, code))
    keys, broken = _broken(_pages(stack, talk, time).pages())
    assert (keys, broken.doubt, broken.reached, broken.requests) == ([b"a", b"b"], doubt, b"b", 1)
    assert not broken.is_out_of_order
    assert time.slept == []


def _cut(first: str, line: Line) -> None:
    body = _xml("c", "d")
    head = f"HTTP/1.1 200 OK\r\n{S3_HEAD}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    line.send(head.encode() + body[:-40])


def _cut_without_a_length(first: str, line: Line) -> None:
    line.send(
        f"HTTP/1.1 200 OK\r\n{S3_HEAD}Connection: close\r\n\r\n".encode()
        + _xml("c", "d").partition(b"<Contents><Key>d")[0]
    )


PASSING = {
    "busy": (bad_servers.s3_error(503, "SlowDown"), Doubt.THROTTLED),
    "too many requests": (bad_servers.answering(429), Doubt.THROTTLED),
    "an internal error": (bad_servers.s3_error(500, "InternalError"), Doubt.SERVER_ERROR),
    "a bad gateway": (bad_servers.answering(502, b"<html>", content_type="text/html"), Doubt.SERVER_ERROR),
    "hung up": (bad_servers.hang_up, Doubt.UNREACHABLE),
    "cut": (_cut, Doubt.UNREACHABLE),
    "cut without a length": (_cut_without_a_length, Doubt.OTHER),
    "HTML with 200": (bad_servers.login_page(), Doubt.NOT_S3),
    "HTML with 200 and a header of S3's": (_said(b"<html>", content_type="text/html"), Doubt.NOT_S3),
    "a listing without S3's headers": (_said(_xml("c"), extra=""), Doubt.NOT_S3),
    "another bucket's": (_page("c", name="another"), Doubt.NOT_S3),
    "truncated without a token": (_said(_xml("c").replace(b">false<", b">true<")), Doubt.OTHER),
    "fewer than it counts": (_page("c", count=2), Doubt.OTHER),
    "a size that is no number": (_page("c", size="x"), Doubt.OTHER),
    "the page before, once more": (_page("a", "b", token="t1"), Doubt.OTHER),
}


@pytest.mark.parametrize(("fault", "doubt"), PASSING.values(), ids=PASSING.keys())
def test_what_passes_is_waited_for_and_the_same_page_asked_for_again(
    stack: ExitStack, time: Time, fault: Talk, doubt: Doubt
) -> None:
    asked: list[dict[str, list[str]]] = []
    talk = _in_turn(asked, FIRST, fault, fault, REST)
    first, rest = _pages(stack, talk, time).pages()
    assert (first.keys, first.reached, first.requests) == ([b"a", b"b"], b"b", 1)
    assert (rest.keys, rest.reached, rest.requests) == ([b"c", b"d"], None, 3)
    assert [each.get("continuation-token") for each in asked] == [None, ["t1"], ["t1"], ["t1"]]
    assert time.slept == [0.1, 0.2]

    asked.clear()
    time.slept.clear()
    started = time.now
    talk = _in_turn(asked, FIRST, fault)
    keys, broken = _broken(_pages(stack, talk, time).pages())
    assert (keys, broken.doubt, broken.reached) == ([b"a", b"b"], doubt, b"b")
    assert broken.requests == len(asked) - 1 == len(time.slept) + 1
    assert not broken.is_out_of_order
    assert 50 < time.now - started <= 60
    assert max(time.slept) == 5


def test_keys_from_outside_of_the_prefix_are_not_believed(stack: ExitStack, time: Time) -> None:
    for talk in (_page("p/a", "q/a"), _page("o/a", "p/a")):
        keys, broken = _broken(_pages(stack, talk, time).pages(prefix=b"p/"))
        assert (keys, broken.doubt, broken.reached) == ([], Doubt.OTHER, None)


def test_a_page_that_begins_before_the_place_that_was_asked_for_is_not_believed(stack: ExitStack, time: Time) -> None:
    keys, broken = _broken(_pages(stack, _page("a", "b"), time).pages(after=b"a"))
    assert (keys, broken.doubt, broken.reached, broken.is_out_of_order) == ([], Doubt.OTHER, None, False)


@pytest.mark.parametrize("second", [_page("d", "c"), _page("c", "c"), _page("A", "B", token="t2")])
def test_a_store_that_answers_the_same_twice_out_of_order_does_not_sort(
    stack: ExitStack, time: Time, second: Talk
) -> None:
    asked: list[dict[str, list[str]]] = []
    keys, broken = _broken(_pages(stack, _in_turn(asked, FIRST, second), time).pages())
    assert (keys, broken.reached, broken.requests) == ([b"a", b"b"], b"b", 2)
    assert broken.is_out_of_order


def test_a_page_that_was_out_of_order_once_is_forgotten(stack: ExitStack, time: Time) -> None:
    asked: list[dict[str, list[str]]] = []
    _, rest = _pages(stack, _in_turn(asked, FIRST, _page("d", "c"), REST), time).pages()
    assert rest.keys == [b"c", b"d"]


def test_an_empty_page_that_is_not_the_last_is_passed(stack: ExitStack, time: Time) -> None:
    asked: list[dict[str, list[str]]] = []
    talk = _in_turn(asked, FIRST, _page(token="t2"), _page(token="t3"), REST)
    pages = list(_pages(stack, talk, time).pages())
    assert [(page.keys, page.reached, page.requests) for page in pages] == [
        ([b"a", b"b"], b"b", 1),
        ([b"c", b"d"], None, 3),
    ]
    assert [each.get("continuation-token") for each in asked] == [None, ["t1"], ["t2"], ["t3"]]


def test_empty_pages_that_lead_in_a_circle_end_the_listing(stack: ExitStack, time: Time) -> None:
    asked: list[dict[str, list[str]]] = []
    talk = _in_turn(asked, FIRST, _page(token="t2"), _page(token="t3"), _page(token="t2"))
    keys, broken = _broken(_pages(stack, talk, time).pages())
    assert (keys, broken.doubt, broken.reached, broken.requests) == ([b"a", b"b"], Doubt.OTHER, b"b", 3)


def test_a_token_that_cannot_be_had_safely_is_replaced_by_the_last_key(stack: ExitStack, time: Time) -> None:
    asked: list[dict[str, list[str]]] = []
    talk = _in_turn(asked, _page("a", "b%01%20", token="b&#x01; "), REST)
    first, rest = _pages(stack, talk, time).pages()
    assert (first.reached, rest.keys) == (b"b\x01 ", [b"c", b"d"])
    assert "continuation-token" not in asked[1]
    assert asked[1]["start-after"] == ["b\x01 "]


def test_an_empty_bucket_is_one_page_that_ends(stack: ExitStack, time: Time) -> None:
    (page,) = _pages(stack, _page(), time).pages()
    assert (page.lines, page.keys, page.reached, page.requests) == ([], [], None, 1)


@pytest.mark.parametrize(
    ("until", "keys"), [(b"b", [b"a", b"b"]), (b"a", [b"a"]), (b"aa", [b"a"]), (b"A", []), (b"c", [b"a", b"b", b"c"])]
)
def test_a_range_ends_at_its_last_key(stack: ExitStack, time: Time, until: bytes, keys: list[bytes]) -> None:
    asked: list[dict[str, list[str]]] = []
    pages = list(_pages(stack, _in_turn(asked, FIRST, REST), time).pages(until=until))
    assert [key for page in pages for key in page.keys] == keys
    assert [len(page.lines) for page in pages] == [len(page.keys) for page in pages]
    assert pages[-1].reached is None
    assert len(asked) == len(pages) == (2 if until == b"c" else 1)


def test_a_place_longer_than_any_key_is_cut_to_what_a_key_may_be(stack: ExitStack, time: Time) -> None:
    asked: list[dict[str, list[str]]] = []
    list(_pages(stack, _in_turn(asked, REST), time).pages(after=b"b" * 1025))
    assert asked[0]["start-after"] == ["b" * 1024]


def test_a_redirect_is_not_followed(stack: ExitStack, time: Time) -> None:
    asked: list[dict[str, list[str]]] = []
    elsewhere = stack.enter_context(bad_servers.serving(_in_turn(asked, REST)))
    talk = bad_servers.answering(302, extra=f"Location: {elsewhere}/\r\n")
    assert _broken(_pages(stack, talk, time).pages())[1].doubt is Doubt.NOT_S3
    assert asked == []


@pytest.mark.parametrize("talk", [bad_servers.black_hole, bad_servers.endless_pdf])
def test_a_server_that_never_comes_to_an_end_is_left(stack: ExitStack, talk: Talk) -> None:
    config = bad_servers.config_of(stack.enter_context(bad_servers.serving(talk)))
    pages = S3Pages(config, read_timeout_s=0.1, patience=Patience(0.2))
    assert _broken(pages.pages())[1].doubt in {Doubt.TIMED_OUT, Doubt.NOT_S3}


def test_nobody_at_the_address_and_no_credentials(time: Time) -> None:
    config = bad_servers.config_of(bad_servers.refused_address())
    assert _broken(S3Pages(config, patience=time.patience()).pages())[1].doubt is Doubt.UNREACHABLE
    nobody = S3Pages(bad_servers.config_of("http://127.0.0.1:1", access_key_id=""), patience=time.patience())
    _, broken = _broken(nobody.pages())
    assert (broken.doubt, broken.requests) == (Doubt.NO_CREDENTIALS, 0)


def test_the_environments_proxy_is_honoured_as_boto3_honours_it(
    stack: ExitStack, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    firsts: list[str] = []

    def proxy(first: str, line: Line) -> None:
        firsts.append(first)
        REST(first, line)

    for name in ("no_proxy", "NO_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    address = stack.enter_context(bad_servers.serving(proxy))
    monkeypatch.setenv("http_proxy", address)
    pages = S3Pages(bad_servers.config_of("http://s3.example"), patience=time.patience())
    assert [page.keys for page in pages.pages()] == [[b"c", b"d"]]
    assert firsts[0].startswith("GET http://s3.example/edrspace?list-type=2&")


def _is_free(turn: Turn) -> bool:
    """Whether another thread would get the turn at once."""
    taken = threading.Event()

    def take() -> None:
        with turn.taken():
            taken.set()

    threading.Thread(target=take, daemon=True).start()
    return taken.wait(0.2)


def test_a_turn_is_had_with_a_page_in_hand_and_given_back_whatever_becomes_of_it(stack: ExitStack, time: Time) -> None:
    store, turn = _pages(stack, _in_turn([], FIRST, _page("d", "c")), time), Turn()
    left = store.pages(turn=turn)
    assert next(left).keys == [b"a", b"b"]
    assert not _is_free(turn)
    left.close()
    assert _is_free(turn)

    broken = store.pages(turn=turn)
    _broken(broken)
    assert _is_free(turn)


class Torn:
    """A spool that ends too soon."""

    rows = 1

    def blocks(self, *, after: bytes = b"", until: bytes | None = None) -> Iterator[list[bytes]]:
        yield [b"a\t0a\t1\t7"]
        raise ValueError("the spool of rows became shorter")


def test_an_error_that_is_kept_keeps_no_turn(stack: ExitStack, time: Time) -> None:
    here = Here(cast(RowSpool, Torn()), _pages(stack, FIRST, time), b"")
    with pytest.raises(ValueError, match="shorter") as kept:
        list(here.walk(b"", None))
    assert kept.value.__traceback__ is not None
    assert _is_free(here.turn)


def test_who_waits_for_an_answer_leaves_the_turn_to_others(stack: ExitStack, time: Time) -> None:
    asked, answered = threading.Event(), threading.Event()

    def talk(first: str, line: Line) -> None:
        asked.set()
        answered.wait(10)
        REST(first, line)

    store, turn, found = _pages(stack, talk, time, read_timeout_s=10.0), Turn(), list[bytes]()
    thread = threading.Thread(
        target=lambda: found.extend(key for page in store.pages(turn=turn) for key in page.keys), daemon=True
    )
    thread.start()
    assert asked.wait(5)
    assert _is_free(turn)
    answered.set()
    thread.join(5)
    assert found == [b"c", b"d"]
    assert _is_free(turn)
