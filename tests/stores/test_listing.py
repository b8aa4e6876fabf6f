"""What every ObjectLister promises: the one in memory, the one on the guarded S3 and on a real Ceph RGW alike.

The guard serves no request that switches versions on or begins an upload in parts, so those are looked for in memory
and on Ceph; that a bucket without either has none is looked for on all three.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dashboard.demo.guarded_s3 import GuardedS3, SeedObject
from lib.inventory import Sighting
from lib.listing import END_BYTES, Ends, Listed, ObjectLister, Version
from lib.objects import Doubt, ObjectStore, ObjectUnavailable, Presence
from lib.stores.memory.listing import MemoryLister
from lib.stores.memory.objects import MemoryObjects, StoredObject
from lib.stores.s3 import S3Objects
from lib.stores.s3_listing import UNFIT, S3Lister
from tests.parts import guarded_s3 as guarded
from tests.parts.ceph import Ceph
from tests.stores.odd_keys import DOTTED_KEYS, IMPOSSIBLE_KEYS, ODD_KEYS

KEY = "edrcontainer1/prescriptions/pdfs/CON153/a.pdf"
PDF = b"%PDF-1.7 not much of a prescription"


@dataclass(frozen=True, slots=True)
class World:
    """A lister and a way to put objects behind its back."""

    lister: ObjectLister
    objects: ObjectStore
    put: Callable[[SeedObject], object]

    def fill(self, *keys: str) -> None:
        for key in keys:
            self.put(SeedObject(key, b"%PDF " + key.encode()))


@pytest.fixture(params=["memory", "guarded", "ceph"])
def world(request: pytest.FixtureRequest) -> World:
    match request.param:
        case "memory":
            memory = MemoryObjects({}, clock=lambda: datetime.now(UTC))
            return World(MemoryLister(memory), memory, lambda seed: memory.objects.update({seed.key: _stored(seed)}))
        case "guarded":
            server: GuardedS3 = request.getfixturevalue("guarded_s3")
            objects = S3Objects(guarded.config_of(server))
            return World(S3Lister(objects.connection), objects, server.put)
        case _:
            ceph: Ceph = request.getfixturevalue("ceph")
            bucket = ceph.bucket()
            objects = S3Objects(ceph.config(bucket))
            return World(S3Lister(objects.connection), objects, lambda seed: ceph.put(bucket, seed))


def _stored(seed: SeedObject) -> StoredObject:
    etag = "0123456789abcdef0123456789abcdef-1" if seed.is_multipart else None
    return StoredObject(seed.body, seed.content_type, seed.is_public, etag)


def _keys(listed: Listed) -> list[str]:
    assert listed.doubt is None
    return [sighting.key for sighting in listed.sightings]


def test_a_listing_shows_size_and_md5_of_what_lies_below_a_prefix_and_of_nothing_else(world: World) -> None:
    world.put(SeedObject("loc/a.pdf", PDF))
    world.put(SeedObject("loc/b.pdf", b"", is_multipart=False))
    world.fill("lob.pdf", "location.pdf", "Loc/a.pdf", "x/loc/a.pdf")
    md5s = [hashlib.md5(PDF).hexdigest(), hashlib.md5(b"").hexdigest()]
    assert world.lister.below("loc/") == Listed(
        (Sighting("loc/a.pdf", len(PDF), md5s[0]), Sighting("loc/b.pdf", 0, md5s[1])), is_complete=True
    )


def test_a_multipart_etag_keeps_its_dash_and_proves_no_md5(world: World) -> None:
    world.put(SeedObject(KEY, PDF, is_multipart=True))
    (sighting,) = world.lister.below(KEY).sightings
    assert sighting.etag.endswith("-1")
    assert sighting.md5 is None


def test_an_empty_folder_and_an_empty_bucket_are_complete_and_empty(world: World) -> None:
    nothing = Listed((), is_complete=True)
    assert world.lister.below("") == nothing
    world.fill("a.pdf")
    assert world.lister.below("b/") == nothing
    assert _keys(world.lister.below("")) == ["a.pdf"]


@pytest.mark.parametrize(("limit", "is_complete"), [(0, False), (1, False), (2, False), (3, True), (1000, True)])
def test_a_page_that_is_not_all_says_so(world: World, limit: int, is_complete: bool) -> None:
    world.fill("p/a", "p/b", "p/c", "q")
    listed = world.lister.below("p/", limit=limit)
    assert (_keys(listed), listed.is_complete) == (["p/a", "p/b", "p/c"][:limit], is_complete)


def test_every_odd_key_comes_back_byte_for_byte_in_the_order_of_its_bytes(world: World) -> None:
    odd = [*ODD_KEYS, *DOTTED_KEYS]
    world.fill(*odd)
    assert _keys(world.lister.below("")) == sorted(odd, key=str.encode)


def test_every_odd_key_is_found_below_itself_and_below_its_beginning(world: World) -> None:
    """Also those with a character that no XML can hold, in which S3 repeats the prefix."""
    odd = [*ODD_KEYS, *DOTTED_KEYS]
    world.fill(*odd)
    assert any(UNFIT.search(key) for key in odd)
    for key in odd:
        beginning = key[: len(key) // 2 + 1]
        for prefix in (key, beginning):
            listed = world.lister.below(prefix)
            expected = sorted((each for each in odd if each.startswith(prefix)), key=str.encode)
            assert (prefix, _keys(listed), listed.is_complete) == (prefix, expected, True)


def test_a_prefix_that_xml_cannot_hold_is_listed_by_its_beginning(world: World) -> None:
    world.fill("a\x01b", "a\x01c", "a\x02", "ab")
    assert _keys(world.lister.below("a\x01")) == ["a\x01b", "a\x01c"]
    assert world.lister.below("a\x01", limit=1).is_complete is False
    assert world.lister.below("a\x03") == Listed((), is_complete=True)


def test_page_by_page_every_odd_key_is_seen_once(world: World) -> None:
    """Each page begins behind the last key of the one before."""
    odd = sorted((key for key in (*ODD_KEYS, *DOTTED_KEYS) if not UNFIT.search(key)), key=str.encode)
    world.fill(*odd)
    seen: list[str] = []
    while not (page := world.lister.below("", after=seen[-1] if seen else "", limit=7)).is_complete:
        assert len(page.sightings) == 7
        seen += _keys(page)
    assert seen + _keys(page) == odd
    assert _keys(world.lister.below("caf", after="caf\u00e9.pdf")) == []
    assert _keys(world.lister.below("caf", after="b")) == ["cafe\u0301.pdf", "caf\u00e9.pdf"]
    assert world.lister.below("", after="a\0").doubt is Doubt.IMPOSSIBLE_KEY


def test_a_page_may_begin_behind_a_key_that_xml_cannot_hold(world: World) -> None:
    world.fill("p/a", "p/a\x01a", "p/a\x01b", "p/a\x02", "p/b")
    assert _keys(world.lister.below("p/", after="p/a\x01a")) == ["p/a\x01b", "p/a\x02", "p/b"]
    assert _keys(world.lister.below("p/a\x01", after="p/a\x01a")) == ["p/a\x01b"]


def test_a_page_that_ends_at_a_key_that_xml_cannot_hold_is_a_doubt_and_not_the_end(ceph: Ceph) -> None:
    """Ceph RGW 16.2.15 writes the token for the next page unencoded, so that nothing can parse this one."""
    bucket = ceph.bucket()
    for key in ("p/a\x01", "p/b"):
        ceph.put(bucket, SeedObject(key, PDF))
    lister = S3Lister(S3Objects(ceph.config(bucket)).connection)
    assert lister.below("p/", limit=1) == Listed((), is_complete=False, doubt=Doubt.SERVER_ERROR)
    assert _keys(lister.below("p/")) == ["p/a\x01", "p/b"]


def test_no_request_is_made_for_what_cannot_exist(world: World) -> None:
    for key in IMPOSSIBLE_KEYS:
        asks: tuple[Callable[[str], object], ...] = (
            world.lister.versions,
            world.lister.is_uploading,
            world.lister.ends,
        )
        for ask in asks:
            with pytest.raises(ObjectUnavailable) as refused:
                ask(key)
            assert refused.value.doubt is Doubt.IMPOSSIBLE_KEY
        if key:
            assert world.lister.below(key) == Listed((), is_complete=False, doubt=Doubt.IMPOSSIBLE_KEY)


@pytest.mark.parametrize("size", [1, 2, 1023, 1024, 1025, 2047, 2048, 2049, 300_000])
def test_the_ends_are_the_first_and_the_last_kib(world: World, size: int) -> None:
    body = bytes(number % 251 for number in range(size))
    world.put(SeedObject(KEY, body, content_type="text/html"))
    expected = Ends(body[:END_BYTES], body[-END_BYTES:], size, "text/html", None)
    assert world.lister.ends(KEY) == expected


def test_the_ends_of_an_empty_object_are_empty_and_it_is_not_absent(world: World) -> None:
    world.put(SeedObject(KEY, b""))
    ends = world.lister.ends(KEY)
    assert (ends.first, ends.last, ends.size_bytes) == (b"", b"", 0)


def test_the_ends_of_every_odd_key_are_its_own(world: World) -> None:
    world.fill(*ODD_KEYS, *DOTTED_KEYS)
    for key in (*ODD_KEYS, *DOTTED_KEYS):
        assert world.lister.ends(key).first == b"%PDF " + key.encode()[: END_BYTES - 5]


def test_what_is_not_there_has_no_ends(world: World) -> None:
    with pytest.raises(ObjectUnavailable) as missing:
        world.lister.ends(KEY)
    assert missing.value.doubt is None


def test_a_bucket_without_versions_and_uploads_has_none(world: World) -> None:
    world.fill(KEY)
    assert world.lister.keeps_versions() is False
    assert world.lister.uploads() == frozenset()
    for key in (KEY, "missing.pdf", "control\x01.pdf", "a +%&?.pdf"):
        assert world.lister.versions(key) == ()
        assert world.lister.is_uploading(key) is False


@dataclass(frozen=True, slots=True)
class Kept:
    """A versioned bucket of Ceph's, and the driver that fills it."""

    lister: ObjectLister
    objects: ObjectStore
    client: Any
    bucket: str

    def put(self, key: str, body: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body)

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=key)


@pytest.fixture
def kept(ceph: Ceph) -> Kept:
    bucket, client = ceph.bucket(), ceph.client()
    client.put_object(Bucket=bucket, Key="before.pdf", Body=b"from before")
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    objects = S3Objects(ceph.config(bucket))
    return Kept(S3Lister(objects.connection), objects, client, bucket)


@pytest.mark.parametrize("key", [KEY, "a +%&?.pdf", "line\nfeed.pdf", "control\x01.pdf"])
def test_a_deleted_object_is_absent_and_its_delete_marker_is_the_newest_version(kept: Kept, key: str) -> None:
    for body in (b"one", b"three"):
        kept.put(key, body)
    kept.put(f"{key}x", b"another key")
    kept.delete(key)
    assert kept.objects.head([key], budget=timedelta(seconds=10))[key].presence is Presence.ABSENT
    marker, newer, older = kept.lister.versions(key)
    assert (marker.is_latest, marker.is_delete_marker, marker.size_bytes, marker.etag) == (True, True, None, None)
    assert [(each.is_latest, each.is_delete_marker, each.size_bytes) for each in (newer, older)] == [
        (False, False, 5),
        (False, False, 3),
    ]
    assert (newer.etag, older.etag) == (hashlib.md5(b"three").hexdigest(), hashlib.md5(b"one").hexdigest())
    assert len({marker.version_id, newer.version_id, older.version_id}) == 3
    moments = [each.last_modified for each in (marker, newer, older)]
    assert all(each is not None and each.tzinfo is not None for each in moments)


def test_a_bucket_that_kept_versions_once_may_have_delete_markers_ever_after(kept: Kept) -> None:
    assert kept.lister.keeps_versions() is True
    kept.client.put_bucket_versioning(Bucket=kept.bucket, VersioningConfiguration={"Status": "Suspended"})
    assert kept.lister.keeps_versions() is True


def test_what_was_put_again_after_its_deletion_is_the_newest_version(kept: Kept) -> None:
    kept.put(KEY, b"one")
    kept.delete(KEY)
    kept.put(KEY, b"three")
    assert [(each.is_delete_marker, each.is_latest) for each in kept.lister.versions(KEY)] == [
        (False, True),
        (True, False),
        (False, False),
    ]


def test_an_object_from_before_the_versions_has_none_until_it_is_deleted(kept: Kept) -> None:
    assert kept.lister.versions("before.pdf") == ()
    kept.delete("before.pdf")
    assert [(each.version_id == "null", each.is_delete_marker) for each in kept.lister.versions("before.pdf")] == [
        (False, True),
        (True, False),
    ]


def test_of_many_versions_the_newest_fifty_are_shown(kept: Kept) -> None:
    for number in range(55):
        kept.put(KEY, b"x" * number)
    assert [each.size_bytes for each in kept.lister.versions(KEY)] == list(range(54, 4, -1))


@pytest.mark.parametrize("key", [KEY, "a +%&?.pdf", "line\nfeed.pdf", "quest?ion #1.pdf"])
def test_an_upload_in_parts_that_never_ended_is_seen_at_exactly_its_key(kept: Kept, key: str) -> None:
    begun = kept.client.create_multipart_upload(Bucket=kept.bucket, Key=key)
    assert kept.lister.is_uploading(key) is True
    assert kept.lister.uploads() == frozenset({key})
    assert [kept.lister.is_uploading(other) for other in (f"{key}x", key[:-1])] == [False, False]
    kept.client.abort_multipart_upload(Bucket=kept.bucket, Key=key, UploadId=begun["UploadId"])
    assert kept.lister.is_uploading(key) is False


def test_an_upload_that_xml_cannot_name_is_a_doubt_and_not_a_no(kept: Kept) -> None:
    with pytest.raises(ClientError):  # it is begun; the driver cannot read the answer, which names the key
        kept.client.create_multipart_upload(Bucket=kept.bucket, Key="control\x01.pdf")
    for ask in (lambda: kept.lister.is_uploading("control\x01.pdf"), kept.lister.uploads):
        with pytest.raises(ObjectUnavailable):
            ask()


@pytest.mark.parametrize("key", ["gzip.pdf", "plain.pdf"])
def test_the_ends_are_the_bytes_as_they_lie_there_whatever_the_headers_say(kept: Kept, key: str) -> None:
    body = b"\x1f\x8b" + b"not really packed" * 100
    kept.client.put_object(Bucket=kept.bucket, Key=key, Body=body, ContentEncoding="gzip")
    ends = kept.lister.ends(key)
    assert (ends.first, ends.last, ends.content_encoding) == (body[:END_BYTES], body[-END_BYTES:], "gzip")


def test_nobody_without_the_right_learns_anything(ceph: Ceph) -> None:
    bucket = ceph.bucket()
    ceph.put(bucket, SeedObject(KEY, PDF))
    other = {"access_key_id": ceph.other.access_key_id, "secret_access_key": ceph.other.secret_access_key}
    lister = S3Lister(S3Objects(ceph.config(bucket, **other)).connection)
    assert lister.below("") == Listed((), is_complete=False, doubt=Doubt.DENIED)
    for ask in (lister.versions, lister.is_uploading, lister.ends):
        with pytest.raises(ObjectUnavailable) as refused:
            ask(KEY)  # type: ignore[operator]
        assert refused.value.doubt is Doubt.DENIED
    for whole in (lister.keeps_versions, lister.uploads):
        with pytest.raises(ObjectUnavailable) as refused:
            whole()
        assert refused.value.doubt is Doubt.DENIED


MARKER = Version("v2", is_latest=True, is_delete_marker=True, last_modified=None)


def test_the_one_in_memory_counts_what_it_is_asked_and_fails_when_told(now: datetime) -> None:
    bucket = MemoryObjects({KEY: StoredObject(PDF)}, clock=lambda: now)
    lister = MemoryLister(bucket, kept={"gone.pdf": (MARKER,)}, uploads={"begun.pdf"})
    assert lister.versions("gone.pdf") == (MARKER,)
    assert lister.is_uploading("begun.pdf")
    assert not lister.below("").doubt
    bucket.head([KEY], budget=timedelta(seconds=1))
    assert bucket.calls == [("versions", "gone.pdf"), ("uploads", "begun.pdf"), ("below", ""), ("head", KEY)]
    lister.doubt = Doubt.DENIED
    assert lister.below("").doubt is Doubt.DENIED
    with pytest.raises(ObjectUnavailable):
        lister.ends(KEY)
    assert bucket.head([KEY], budget=timedelta(seconds=1))[KEY].presence is Presence.PRESENT
