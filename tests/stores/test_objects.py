"""What every ObjectStore promises: the one in memory, the guarded S3 and a real Ceph RGW alike."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
import urllib3

from dashboard.demo.guarded_s3 import GuardedS3, SeedObject
from lib import link_check
from lib.objects import Disposition, Doubt, ObjectStore, ObjectUnavailable, Presence
from lib.stores.memory.objects import MemoryObjects, StoredObject
from lib.stores.s3 import S3Objects
from tests.parts import guarded_s3 as guarded
from tests.parts.ceph import Ceph
from tests.stores.odd_keys import DOTTED_KEYS, IMPOSSIBLE_KEYS, ODD_KEYS

BUDGET = timedelta(seconds=10)
HOUR = timedelta(hours=1)
KEY = "edrcontainer1/prescriptions/pdfs/2025/11/12/a.pdf"
PDF = b"%PDF-1.7 not much of a prescription"


@dataclass(frozen=True, slots=True)
class World:
    """A store and a way to put objects behind its back."""

    store: ObjectStore
    put: Callable[[SeedObject], object]

    @property
    def is_networked(self) -> bool:
        return isinstance(self.store, S3Objects)


@pytest.fixture(params=["memory", "guarded", "ceph"])
def world(request: pytest.FixtureRequest) -> World:
    match request.param:
        case "memory":
            memory = MemoryObjects({}, clock=lambda: datetime.now(UTC))
            return World(memory, lambda seed: memory.objects.update({seed.key: _stored(seed)}))
        case "guarded":
            server: GuardedS3 = request.getfixturevalue("guarded_s3")
            return World(S3Objects(guarded.config_of(server)), server.put)
        case _:
            ceph: Ceph = request.getfixturevalue("ceph")
            bucket = ceph.bucket()
            return World(S3Objects(ceph.config(bucket)), lambda seed: ceph.put(bucket, seed))


def _stored(seed: SeedObject) -> StoredObject:
    etag = "0123456789abcdef0123456789abcdef-1" if seed.is_multipart else None
    return StoredObject(seed.body, seed.content_type, seed.is_public, etag)


def _signed(world: World, key: str = KEY, *, expires: timedelta = HOUR, filename: str = "a.pdf") -> str:
    return world.store.presign(key, expires=expires, filename=filename, disposition=Disposition.INLINE)


def test_a_present_object_brings_its_size_its_md5_and_when_it_was_looked_at(world: World) -> None:
    world.put(SeedObject(KEY, PDF))
    before = datetime.now(UTC)
    seen = world.store.head([KEY], budget=BUDGET)[KEY]
    assert (seen.key, seen.presence, seen.doubt, seen.http_status) == (KEY, Presence.PRESENT, None, 200)
    assert (seen.size_bytes, seen.etag) == (len(PDF), hashlib.md5(PDF).hexdigest())
    assert seen.content_type == "application/pdf"
    assert before <= seen.checked_at <= datetime.now(UTC)
    assert seen.last_modified is not None
    assert seen.last_modified.tzinfo is not None


def test_a_multipart_etag_keeps_its_dash(world: World) -> None:
    world.put(SeedObject(KEY, PDF, is_multipart=True))
    etag = world.store.head([KEY], budget=BUDGET)[KEY].etag
    assert etag is not None
    assert etag.endswith("-1")


def test_a_missing_object_is_absent_below_the_location_and_outside_it(world: World) -> None:
    world.put(SeedObject(KEY, PDF))
    bare = KEY.removeprefix("edrcontainer1/")
    seen = world.store.head([bare, KEY + "x"], budget=BUDGET)
    assert [(each.presence, each.doubt, each.http_status) for each in seen.values()] == [
        (Presence.ABSENT, None, 404),
        (Presence.ABSENT, None, 404),
    ]
    assert seen[bare].size_bytes is None


def test_every_key_asked_for_is_answered_once(world: World) -> None:
    world.put(SeedObject(KEY, PDF))
    asked = [KEY, "missing.pdf", KEY, *(f"{n}.pdf" for n in range(30)), *IMPOSSIBLE_KEYS]
    seen = world.store.head(asked, budget=BUDGET)
    assert set(seen) == set(asked)
    assert all(each.key == key for key, each in seen.items())
    assert {seen[key].doubt for key in IMPOSSIBLE_KEYS} == {Doubt.IMPOSSIBLE_KEY}
    assert {seen[key].presence for key in IMPOSSIBLE_KEYS} == {Presence.UNKNOWN}
    assert world.store.head([], budget=BUDGET) == {}


def test_every_odd_key_is_its_own_object(world: World) -> None:
    """Byte for byte: none is found under another's spelling, and each link opens its own bytes."""
    bodies = {key: b"%PDF " + key.encode() for key in (*ODD_KEYS, *DOTTED_KEYS)}
    for key, body in bodies.items():
        world.put(SeedObject(key, body))
    seen = world.store.head(list(bodies), budget=BUDGET)
    assert {key: each.etag for key, each in seen.items()} == {
        key: hashlib.md5(body).hexdigest() for key, body in bodies.items()
    }
    for key, body in bodies.items():
        assert world.store.read(key, limit_bytes=2000) == body
        opened = world.store.fetch_as_stranger(_signed(world, key), first_bytes=2000)
        assert (key, opened.status, opened.body) == (key, 206, body)


def test_another_spelling_of_a_key_is_another_object(world: World) -> None:
    world.put(SeedObject("al/Sub/caf\u00e9.pdf", PDF))
    others = [
        "/al/Sub/caf\u00e9.pdf",
        "al//Sub/caf\u00e9.pdf",
        "al\\Sub\\caf\u00e9.pdf",
        "al/Sub/cafe\u0301.pdf",
        "al/sub/caf\u00e9.pdf",
        "al/Sub/caf%C3%A9.pdf",
        "al/./Sub/caf\u00e9.pdf",
        "al/x/../Sub/caf\u00e9.pdf",
        "al/Sub/caf\u00e9.pdf ",
        "al/Sub/",
        "al/Sub",
    ]
    seen = world.store.head(others, budget=BUDGET)
    assert {key: each.presence for key, each in seen.items()} == dict.fromkeys(others, Presence.ABSENT)


def test_reading_gives_the_bytes_up_to_a_limit(world: World) -> None:
    world.put(SeedObject(KEY, PDF))
    assert world.store.read(KEY, limit_bytes=len(PDF)) == PDF
    with pytest.raises(OverflowError):
        world.store.read(KEY, limit_bytes=len(PDF) - 1)


def test_reading_what_is_not_there_says_absent_and_not_why_it_cannot_be_known(world: World) -> None:
    with pytest.raises(ObjectUnavailable) as missing:
        world.store.read(KEY, limit_bytes=10)
    assert missing.value.doubt is None


def test_a_signed_link_opens_for_a_stranger_as_a_pdf(world: World) -> None:
    world.put(SeedObject(KEY, PDF, content_type="binary/octet-stream"))
    opened = world.store.fetch_as_stranger(_signed(world), first_bytes=4)
    assert (opened.status, opened.body, opened.total_bytes) == (206, b"%PDF", len(PDF))
    assert (opened.content_type, opened.error_code, opened.doubt) == ("application/pdf", None, None)


def test_a_signed_link_of_a_missing_object_answers_nosuchkey(world: World) -> None:
    opened = world.store.fetch_as_stranger(_signed(world), first_bytes=1024)
    assert (opened.status, opened.error_code) == (404, "NoSuchKey")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("X-Amz-Expires=3600", "X-Amz-Expires=604800"),
        ("/a.pdf?", "/b.pdf?"),
        ("response-content-type=application%2Fpdf", "response-content-type=text%2Fhtml"),
        ("X-Amz-Signature=", "foo=bar&X-Amz-Signature="),
    ],
)
def test_a_changed_link_opens_nothing(world: World, old: str, new: str) -> None:
    world.put(SeedObject(KEY, PDF))
    world.put(SeedObject(KEY.replace("/a.pdf", "/b.pdf"), PDF))
    link = _signed(world)
    assert old in link
    opened = world.store.fetch_as_stranger(link.replace(old, new), first_bytes=4)
    assert (opened.status, opened.error_code) == (403, "SignatureDoesNotMatch")


def test_a_link_ends_when_it_said(world: World) -> None:
    world.put(SeedObject(KEY, PDF))
    link = _signed(world, expires=timedelta(seconds=2))
    assert world.store.fetch_as_stranger(link, first_bytes=4).status == 206
    time.sleep(2.2)
    opened = world.store.fetch_as_stranger(link, first_bytes=4)
    assert (opened.status, opened.error_code) == (403, "AccessDenied")


@pytest.mark.parametrize(("seconds", "status"), [(0, 403), (604_800, 206), (604_801, 403)])
def test_a_link_lasts_one_second_to_seven_days(world: World, seconds: int, status: int) -> None:
    world.put(SeedObject(KEY, PDF))
    opened = world.store.fetch_as_stranger(_signed(world, expires=timedelta(seconds=seconds)), first_bytes=4)
    assert opened.status == status


def test_an_impossible_key_is_not_signed(world: World) -> None:
    for key in IMPOSSIBLE_KEYS:
        with pytest.raises(ObjectUnavailable) as refused:
            _signed(world, key)
        assert refused.value.doubt is Doubt.IMPOSSIBLE_KEY


def test_the_plain_address_opens_a_public_object_and_no_other(world: World) -> None:
    world.put(SeedObject("public +%.pdf", PDF, is_public=True))
    world.put(SeedObject("private.pdf", PDF))
    opened = {
        key: world.store.fetch_as_stranger(world.store.plain_url(key), first_bytes=4)
        for key in ("public +%.pdf", "private.pdf", "missing.pdf")
    }
    assert {key: (each.status, each.error_code) for key, each in opened.items()} == {
        "public +%.pdf": (206, None),
        "private.pdf": (403, "AccessDenied"),
        "missing.pdf": (403, "AccessDenied"),  # who may not list is not told
    }


@pytest.mark.parametrize("body", [PDF, b"\xff\xd8 a photo", b""], ids=["pdf", "photo", "empty"])
@pytest.mark.parametrize("is_public", [True, False])
def test_whether_an_object_opens_for_anyone_is_told_of_whatever_it_holds(
    world: World, body: bytes, is_public: bool
) -> None:
    world.put(SeedObject(KEY, body, is_public=is_public))
    seen = world.store.head([KEY], budget=HOUR)[KEY]
    opened = world.store.fetch_as_stranger(world.store.plain_url(KEY), first_bytes=link_check.FIRST_BYTES)
    assert link_check.is_public(opened, seen) is is_public


@pytest.mark.parametrize(
    "filename", ["prescription_7_v1.pdf", '\u0928\u0941\u0938\u094d\u0916\u093e "7".pdf', "caf\u00e9;x=y.pdf"]
)
def test_the_browser_is_told_the_file_name_in_both_forms(world: World, filename: str) -> None:
    if not world.is_networked:
        return  # nothing in memory answers with headers
    world.put(SeedObject(KEY, PDF))
    link = world.store.presign(KEY, expires=HOUR, filename=filename, disposition=Disposition.ATTACHMENT)
    with urllib3.PoolManager() as manager:
        header = manager.request("GET", link).headers["Content-Disposition"]
    kind, plain, real = header.split("; filename")
    assert kind == "attachment"
    assert plain.isascii()
    assert plain.startswith('="')
    assert real == "*=UTF-8''" + quote(filename.replace('"', "_"), safe="")
