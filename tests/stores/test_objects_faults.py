"""A bucket that fails, in every way we know: one doubt each, in time, and never "missing"."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.demo.guarded_s3 import Fault, GuardedS3, SeedObject
from lib.objects import Disposition, Doubt, Fetched, ObjectStore, ObjectUnavailable, Observation, Presence
from lib.stores.s3 import S3Objects
from tests.parts import bad_servers
from tests.parts.bad_servers import Line, Talk
from tests.parts.guarded_s3 import LOCATION, config_of

BUDGET = timedelta(seconds=10)
KEYS = [f"{LOCATION}/{number}.pdf" for number in range(25)]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def _store(endpoint_url: str, **changes: object) -> ObjectStore:
    return S3Objects(bad_servers.config_of(endpoint_url, **changes))


def _doubts(store: ObjectStore, keys: list[str] = KEYS, budget: timedelta = BUDGET) -> set[Doubt | None]:
    seen = store.head(keys, budget=budget)
    assert set(seen) == set(keys)
    assert {each.presence for each in seen.values()} == {Presence.UNKNOWN}
    assert {each.size_bytes for each in seen.values()} == {None}
    return {each.doubt for each in seen.values()}


SAYS = [
    (403, "AccessDenied", Doubt.DENIED),
    (403, "SignatureDoesNotMatch", Doubt.BAD_SIGNATURE),
    (403, "InvalidAccessKeyId", Doubt.UNKNOWN_ACCESS_KEY),
    (403, "RequestTimeTooSkewed", Doubt.CLOCK_SKEWED),
    (403, "UserSuspended", Doubt.SUSPENDED),
    (403, "InvalidToken", Doubt.EXPIRED_CREDENTIALS),
    (400, "ExpiredToken", Doubt.EXPIRED_CREDENTIALS),
    (400, "AuthorizationHeaderMalformed", Doubt.WRONG_REGION),
    (301, "PermanentRedirect", Doubt.WRONG_REGION),
    (403, "SomethingNew", Doubt.DENIED),
    (400, "SomethingNew", Doubt.OTHER),
    (404, "NoSuchBucket", Doubt.NO_BUCKET),
    (404, "NoSuchKey", Doubt.BUCKET_IN_ENDPOINT),  # to a LIST, too
    (429, "TooManyRequests", Doubt.THROTTLED),
    (503, "SlowDown", Doubt.THROTTLED),
    (500, "InternalError", Doubt.SERVER_ERROR),
    (502, "BadGateway", Doubt.SERVER_ERROR),
]


@pytest.mark.parametrize(("status", "code", "doubt"), SAYS)
def test_what_an_s3_error_means(stack: ExitStack, status: int, code: str, doubt: Doubt) -> None:
    store = _store(stack.enter_context(bad_servers.serving(bad_servers.s3_error(status, code))))
    assert _doubts(store, KEYS[:2]) == {doubt}
    with pytest.raises(ObjectUnavailable) as unavailable:
        store.read(KEYS[0], limit_bytes=10)
    assert unavailable.value.doubt is doubt


NO_S3 = {
    "login page with 200": bad_servers.login_page(),
    "empty 200": bad_servers.answering(200),
    "web server's 404": bad_servers.answering(404, b"<html>not found</html>", content_type="text/html"),
    "proxy's 403": bad_servers.answering(403, b"<html>blocked</html>", content_type="text/html"),
    "redirect to a login page": bad_servers.answering(302, extra="Location: http://127.0.0.1:9/login\r\n"),
    "JSON": bad_servers.answering(404, b'{"detail": "Not Found"}', content_type="application/json"),
}


@pytest.mark.parametrize("talk", NO_S3.values(), ids=NO_S3.keys())
def test_what_is_no_s3_answer_is_neither_found_nor_missing(stack: ExitStack, talk: Talk) -> None:
    store = _store(stack.enter_context(bad_servers.serving(talk)))
    assert _doubts(store) == {Doubt.NOT_S3}
    with pytest.raises(ObjectUnavailable) as unavailable:
        store.read(KEYS[0], limit_bytes=10)
    assert unavailable.value.doubt is Doubt.NOT_S3


def test_a_listing_that_is_html_or_of_another_bucket_makes_no_key_missing(stack: ExitStack) -> None:
    xml = "<ListBucketResult><Name>{}</Name><IsTruncated>false</IsTruncated></ListBucketResult>"
    listings = {
        "<html><p>Sign in</p></html>": Doubt.NOT_S3,  # well-formed, so boto3 takes it for an empty listing
        "<html><p>Sign in<br></html>": Doubt.SERVER_ERROR,  # botocore's own word for a 200 that is no XML
        "": Doubt.NOT_S3,
        xml.format("another"): Doubt.NOT_S3,
        "<ListBucketResult><Name>edrspace</Name>": Doubt.SERVER_ERROR,
        xml.format("edrspace"): None,
    }
    for listing, doubt in listings.items():
        missing = bad_servers.s3_error(404, "NoSuchKey")
        listed = bad_servers.answering(200, listing.encode(), extra="x-amz-request-id: tx0\r\n")

        def talk(first: str, line: Line, missing: Talk = missing, listed: Talk = listed) -> None:
            (missing if first.startswith("HEAD ") else listed)(first, line)

        with bad_servers.serving(talk) as address:
            seen = _store(address).head(KEYS[:1], budget=BUDGET)[KEYS[0]]
        assert (listing, seen.doubt, seen.presence is Presence.ABSENT) == (listing, doubt, doubt is None)


def test_nobody_at_the_address() -> None:
    store = _store(bad_servers.refused_address())
    assert _doubts(store) == {Doubt.UNREACHABLE}
    assert _stranger(store) == Doubt.UNREACHABLE
    assert _doubts(_store("http://no-such-host.invalid")) == {Doubt.UNREACHABLE}


def test_a_server_that_hangs_up(stack: ExitStack) -> None:
    store = _store(stack.enter_context(bad_servers.serving(bad_servers.hang_up)))
    assert _doubts(store) == {Doubt.UNREACHABLE}
    assert _stranger(store) == Doubt.UNREACHABLE


def test_https_to_a_port_that_speaks_http(guarded_s3: GuardedS3) -> None:
    store = _store(guarded_s3.endpoint_url.replace("http:", "https:"))
    assert _doubts(store) == {Doubt.TLS}
    assert _stranger(store) == Doubt.TLS


def _stranger(store: ObjectStore) -> Doubt | None:
    fetched = store.fetch_as_stranger(store.plain_url(KEYS[0]), first_bytes=4)
    assert (fetched.status, fetched.body) == (None, b"")
    return fetched.doubt


def test_a_black_hole_costs_two_timeouts_and_not_two_for_each_key(stack: ExitStack) -> None:
    asked: list[str] = []

    def talk(first: str, line: Line) -> None:
        asked.append(first)
        bad_servers.black_hole(first, line)

    store = _store(stack.enter_context(bad_servers.serving(talk)), **bad_servers.IMPATIENT)
    started = time.monotonic()
    assert _doubts(store) == {Doubt.TIMED_OUT}
    assert time.monotonic() - started < 3
    assert len(asked) <= 16


@pytest.mark.parametrize("talk", [bad_servers.black_hole, bad_servers.trickle])
def test_the_budget_is_kept_also_against_a_server_that_no_timeout_stops(stack: ExitStack, talk: Talk) -> None:
    store = _store(stack.enter_context(bad_servers.serving(talk)), read_timeout_s=30.0)
    started = time.monotonic()
    assert _doubts(store, budget=timedelta(seconds=0.5)) == {Doubt.TIMED_OUT}
    assert _doubts(store, budget=timedelta(seconds=0.5)) == {Doubt.TIMED_OUT}, "all threads hang: still in time"
    assert time.monotonic() - started < 10  # two times half a second, and a busy machine; else 30 each


def test_hanging_requests_never_pile_up(stack: ExitStack) -> None:
    store = _store(stack.enter_context(bad_servers.serving(bad_servers.black_hole)), read_timeout_s=30.0)
    before = set(threading.enumerate())  # threads of other tests' stores may still be there
    for _ in range(5):
        store.head(KEYS, budget=timedelta(seconds=0.1))
    new = set(threading.enumerate()) - before
    assert sum("s3-head" in thread.name for thread in new) <= 8
    assert len(new) <= 8 + 8, "8 of ours, 8 of the server's"


def test_a_budget_of_nothing_reaches_nothing(guarded_s3: GuardedS3) -> None:
    seen = S3Objects(config_of(guarded_s3)).head([*KEYS, ""], budget=timedelta(0))
    assert [each.doubt for each in seen.values()] == [Doubt.TIMED_OUT] * 25 + [Doubt.IMPOSSIBLE_KEY]


def test_a_bucket_that_recovers_is_believed_at_once(guarded_s3: GuardedS3) -> None:
    guarded_s3.put(SeedObject(KEYS[0], b"%PDF"))
    store = S3Objects(config_of(guarded_s3))
    for fault, doubt in ((Fault.BUSY, Doubt.THROTTLED), (Fault.DENY, Doubt.DENIED), (Fault.HTML, Doubt.NOT_S3)):
        guarded_s3.answer_with = fault
        assert _doubts(store) == {doubt}
        guarded_s3.answer_with = None
        seen = store.head(KEYS, budget=BUDGET)
        assert [each.presence for each in seen.values()] == [Presence.PRESENT] + [Presence.ABSENT] * 24


def test_a_login_page_right_after_a_good_listing_makes_no_key_missing(guarded_s3: GuardedS3) -> None:
    store = S3Objects(config_of(guarded_s3))
    assert store.head(KEYS[:1], budget=BUDGET)[KEYS[0]].presence is Presence.ABSENT
    guarded_s3.answer_with = Fault.HTML
    assert _doubts(store) == {Doubt.NOT_S3}


WRONG = [
    ({"secret_access_key": "wrong"}, Doubt.BAD_SIGNATURE),
    ({"access_key_id": "UNKNOWN"}, Doubt.UNKNOWN_ACCESS_KEY),
    ({"access_key_id": ""}, Doubt.NO_CREDENTIALS),
    ({"bucket": "another"}, Doubt.NO_BUCKET),
    ({"bucket": "no bucket's name"}, Doubt.NO_BUCKET),
]


@pytest.mark.parametrize(("changes", "doubt"), WRONG)
def test_a_wrong_setting_is_named(guarded_s3: GuardedS3, changes: dict[str, object], doubt: Doubt) -> None:
    guarded_s3.put(SeedObject(KEYS[0], b"%PDF"))
    store = S3Objects(config_of(guarded_s3, **changes))
    assert _doubts(store) == {doubt}
    with pytest.raises(ObjectUnavailable) as unavailable:
        store.read(KEYS[0], limit_bytes=10)
    assert unavailable.value.doubt is doubt


def test_an_endpoint_that_already_contains_the_bucket(guarded_s3: GuardedS3) -> None:
    guarded_s3.put(SeedObject(KEYS[0], b"%PDF"))
    store = S3Objects(config_of(guarded_s3, endpoint_url=f"{guarded_s3.endpoint_url}/edrspace"))
    assert _doubts(store) == {Doubt.BUCKET_IN_ENDPOINT}


def test_a_clock_that_is_twenty_minutes_off(guarded_s3: GuardedS3) -> None:
    guarded_s3.clock = lambda: datetime.now(UTC) + timedelta(minutes=20)
    assert _doubts(S3Objects(config_of(guarded_s3))) == {Doubt.CLOCK_SKEWED}


def test_no_profile_and_no_variable_of_this_machine_decides_anything(
    guarded_s3: GuardedS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded_s3.put(SeedObject(KEYS[0], b"%PDF"))
    for name, text in {
        "AWS_PROFILE": "somebody-else",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_CONFIG_FILE": "/nowhere/config",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_ACCESS_KEY_ID": "AMBIENT",
        "AWS_SECRET_ACCESS_KEY": "ambient",
        "AWS_SESSION_TOKEN": "ambient",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_supported",
        "AWS_AUTH_SCHEME_PREFERENCE": "sigv4a",
        "AWS_MAX_ATTEMPTS": "9",
    }.items():
        monkeypatch.setenv(name, text)
    assert S3Objects(config_of(guarded_s3)).head(KEYS[:1], budget=BUDGET)[KEYS[0]].presence is Presence.PRESENT
    assert _doubts(S3Objects(config_of(guarded_s3, access_key_id=""))) == {Doubt.NO_CREDENTIALS}


def test_secrets_are_not_in_the_configurations_text(guarded_s3: GuardedS3) -> None:
    text = repr(config_of(guarded_s3, session_token="token"))
    assert "edrspace" in text
    assert not [secret for secret in ("GUARDEDKEY", "guardedsecret", "token='") if secret in text]


def test_bytes_that_are_cut_on_the_way_are_no_file(stack: ExitStack) -> None:
    store = _store(stack.enter_context(bad_servers.serving(bad_servers.cut_short)))
    with pytest.raises(ObjectUnavailable) as unavailable:
        store.read(KEYS[0], limit_bytes=1000)
    assert unavailable.value.doubt is Doubt.UNREACHABLE


def test_a_stranger_reads_no_more_than_asked_from_a_server_that_never_stops(stack: ExitStack) -> None:
    fetched = _fetch(stack, bad_servers.endless_pdf, first_bytes=1024)
    assert (fetched.status, len(fetched.body), fetched.total_bytes) == (200, 1024, None)


def test_a_stranger_follows_no_redirect(stack: ExitStack) -> None:
    elsewhere = stack.enter_context(bad_servers.serving(bad_servers.login_page()))
    fetched = _fetch(stack, bad_servers.answering(302, extra=f"Location: {elsewhere}/\r\n"), first_bytes=4)
    assert (fetched.status, fetched.body) == (302, b"")


@pytest.mark.parametrize("talk", [bad_servers.black_hole, bad_servers.trickle])
def test_a_stranger_does_not_wait_for_ever(stack: ExitStack, talk: Talk) -> None:
    started = time.monotonic()
    assert _fetch(stack, talk, first_bytes=4, **bad_servers.IMPATIENT).doubt is Doubt.TIMED_OUT
    assert time.monotonic() - started < 5  # half a second, and a busy machine; the server would never stop


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "ftp://127.0.0.1/", "http://", "http://[", "javascript:alert(1)"]
)
def test_a_stranger_opens_web_addresses_only(url: str) -> None:
    fetched = _store(bad_servers.refused_address()).fetch_as_stranger(url, first_bytes=4)
    assert (fetched.status, fetched.doubt) == (None, Doubt.OTHER)


def test_a_stranger_shows_no_credentials_and_the_path_as_it_is(stack: ExitStack) -> None:
    seen: list[str] = []

    def talk(first: str, line: Line) -> None:
        seen.append(first)
        bad_servers.answering(200, b"%PDF")(first, line)

    address = stack.enter_context(bad_servers.serving(talk))
    store = _store(address)
    for path in ("/edrspace//a/./b/../c%20%2F%2b+.pdf?x=%7E&X-Amz-Signature=1#page=2", "/edrspace/caf%C3%A9.pdf"):
        store.fetch_as_stranger(address + path, first_bytes=4)
    assert seen == [
        "GET /edrspace//a/./b/../c%20%2F%2B+.pdf?x=%7E&X-Amz-Signature=1 HTTP/1.1",
        "GET /edrspace/caf%C3%A9.pdf HTTP/1.1",
    ]


def _fetch(stack: ExitStack, talk: Talk, *, first_bytes: int, **changes: object) -> Fetched:
    address = stack.enter_context(bad_servers.serving(talk))
    return _store(address, **changes).fetch_as_stranger(f"{address}/a.pdf", first_bytes=first_bytes)


def test_a_link_binds_nothing_but_the_host_and_is_version_four(guarded_s3: GuardedS3) -> None:
    """Also in us-east-1 with a custom endpoint, where boto3 left to itself signs with version 2."""
    for region in ("us-east-1", "", "sgp1"):
        store = S3Objects(config_of(guarded_s3, region=region))
        url = store.presign(KEYS[0], expires=timedelta(hours=1), filename="a.pdf", disposition=Disposition.INLINE)
        assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url
        assert "X-Amz-SignedHeaders=host&" in url
        assert "Expires=3600" in url
        assert "AWSAccessKeyId" not in url


def test_many_people_share_one_store(guarded_s3: GuardedS3) -> None:
    guarded_s3.put(SeedObject(KEYS[0], b"%PDF"))
    store = S3Objects(config_of(guarded_s3))

    def look(_: int) -> list[Observation]:
        return list(store.head(KEYS, budget=BUDGET).values())

    with ThreadPoolExecutor(12) as people:
        for seen in people.map(look, range(24)):
            assert [each.presence for each in seen] == [Presence.PRESENT] + [Presence.ABSENT] * 24


def test_the_listing_is_asked_once_and_not_for_every_page(stack: ExitStack) -> None:
    listings: list[str] = []
    xml = b"<ListBucketResult><Name>edrspace</Name><IsTruncated>false</IsTruncated></ListBucketResult>"
    listed = bad_servers.answering(200, xml, extra="x-amz-request-id: tx0\r\n")
    missing = bad_servers.s3_error(404, "NoSuchKey")

    def talk(first: str, line: Line) -> None:
        if "list-type=2" in first:
            listings.append(first)
            listed(first, line)
        else:
            missing(first, line)

    serving: AbstractContextManager[str] = bad_servers.serving(talk)
    store = _store(stack.enter_context(serving))
    for _ in range(3):
        store.head(KEYS, budget=BUDGET)
    assert len(listings) == 1
    assert "prefix=edrcontainer1%2F" in listings[0]
    assert "max-keys=1" in listings[0]
    assert "encoding-type=url" in listings[0]
    store.head(["outside.pdf"], budget=BUDGET)
    assert len(listings) == 2, "what lies outside the location is judged by the whole bucket's listing"
