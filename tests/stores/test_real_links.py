"""Links issued against servers that mind signature and end: the guarded S3 and a real Ceph RGW."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep

import pytest

from dashboard.demo.guarded_s3 import GuardedS3, SeedObject
from lib import keys
from lib.link_check import Flaw
from lib.links import LinkRequest, PresignedUrl, RefusalCode, Refused, issue
from lib.objects import Disposition
from lib.previews import Preview, open_pdf
from lib.records import Record
from lib.services import Services
from lib.stores import ledger_db, ledger_migration
from lib.stores.s3 import S3Config, S3Objects
from lib.trail import Intact, Trail, verify
from tests.conftest import NOW
from tests.core.clinic import ASHA, EVERYWHERE, KEY, PDF, RECORD, STORED, bench
from tests.parts import guarded_s3 as guarded
from tests.parts.ceph import Ceph
from tests.stores.odd_keys import DOTTED_KEYS, IMPOSSIBLE_KEYS, ODD_KEYS

HOUR = timedelta(hours=1)
AN_HOUR = LinkRequest(HOUR)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class World:
    """A bucket on a real server, behind the services of one clinic."""

    config: S3Config
    put: Callable[[SeedObject], object]

    def services(self, *rows: Record, objects: S3Objects | None = None) -> Services:
        healthy = bench(*rows, clock=_now).services
        return replace(healthy, objects=objects or S3Objects(self.config), bucket=self.config.bucket)

    def issue(
        self, record: Record = RECORD, *, request: LinkRequest = AN_HOUR, objects: S3Objects | None = None
    ) -> PresignedUrl | Refused:
        services = self.services(record, objects=objects)
        return issue(ASHA, EVERYWHERE, services=services, record=record, request=request)


@pytest.fixture(params=["guarded", "ceph"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "guarded":
        server: GuardedS3 = request.getfixturevalue("guarded_s3")
        return World(guarded.config_of(server), server.put)
    ceph: Ceph = request.getfixturevalue("ceph")
    bucket = ceph.bucket()
    return World(ceph.config(bucket), lambda seed: ceph.put(bucket, seed))


@pytest.mark.parametrize("disposition", Disposition)
def test_a_healthy_record_gets_a_link_that_opens(world: World, disposition: Disposition) -> None:
    world.put(SeedObject(KEY, PDF))
    before = _now().replace(microsecond=0)
    link = world.issue(request=LinkRequest(HOUR, disposition))
    assert isinstance(link, PresignedUrl), link
    assert (link.key, link.size_bytes, link.content_type, link.is_public) == (KEY, len(PDF), "application/pdf", False)
    assert before <= link.issued_at <= _now()
    assert link.expires_at - link.issued_at == HOUR


def test_the_founding_case(world: World) -> None:
    """The bare stored key answers NoSuchKey, the resolved one opens."""
    world.put(SeedObject(KEY, PDF))
    store = S3Objects(world.config)
    bare = store.presign(STORED, expires=HOUR, filename="a.pdf", disposition=Disposition.INLINE)
    assert store.fetch_as_stranger(bare, first_bytes=1024).error_code == "NoSuchKey"
    link = world.issue()
    assert isinstance(link, PresignedUrl)
    assert store.fetch_as_stranger(link.url, first_bytes=1024).body == PDF[:1024]


def test_a_record_whose_object_lies_at_the_bare_key_gets_no_link(world: World) -> None:
    world.put(SeedObject(STORED, PDF))
    assert world.issue() == Refused(RefusalCode.MISSING)


def test_a_link_ends_when_it_says(world: World) -> None:
    world.put(SeedObject(KEY, PDF))
    link = world.issue(request=LinkRequest(timedelta(seconds=2)))
    assert isinstance(link, PresignedUrl)
    sleep(max(0.0, (link.expires_at - _now()).total_seconds()) + 1.1)
    assert S3Objects(world.config).fetch_as_stranger(link.url, first_bytes=1).status == 403


def test_a_public_object_is_called_public(world: World) -> None:
    world.put(SeedObject(KEY, PDF, is_public=True))
    link = world.issue()
    assert isinstance(link, PresignedUrl)
    assert link.is_public is True


def test_a_page_that_calls_itself_a_pdf_gets_no_link(world: World) -> None:
    world.put(SeedObject(KEY, b"<html>not found</html>"))
    row = replace(RECORD, size_bytes=None, checksum="")
    assert world.issue(row) == Refused(RefusalCode.NOT_A_PDF)


def test_a_link_of_the_old_signature_is_thrown_away(world: World) -> None:
    class Old(S3Objects):
        def presign(self, key: str, *, expires: timedelta, filename: str, disposition: Disposition) -> str:
            return f"{self.plain_url(key)}?AWSAccessKeyId=a&Signature=b&Expires=1"

        def plain_url(self, key: str) -> str:
            url = super().presign(key, expires=HOUR, filename="a", disposition=Disposition.INLINE)
            return url.partition("?")[0]

    world.put(SeedObject(KEY, PDF))
    assert world.issue(objects=Old(world.config)) == Refused(RefusalCode.LINK_MALFORMED, Flaw.PARAMETERS)


def test_every_odd_key_gets_a_link_that_opens(world: World) -> None:
    store = S3Objects(world.config)
    for key in ODD_KEYS:
        row = replace(RECORD, stored_key=key)
        resolved = keys.resolve(key, location="edrcontainer1")
        if keys.impossible(resolved):
            continue
        world.put(SeedObject(resolved, PDF))
        link = world.issue(row, objects=store)
        assert isinstance(link, PresignedUrl), (key, link)
        assert link.key == resolved


@pytest.mark.parametrize("key", [*DOTTED_KEYS, *IMPOSSIBLE_KEYS])
def test_a_key_that_nobody_can_open_gets_no_link(world: World, key: str) -> None:
    assert isinstance(world.issue(replace(RECORD, stored_key=key)), Refused)


def test_a_preview_shows_the_bytes(world: World) -> None:
    world.put(SeedObject(KEY, PDF))
    services = world.services(RECORD)
    assert open_pdf(ASHA, EVERYWHERE, services=services, record=RECORD) == Preview(12, PDF)


def test_a_preview_of_a_missing_object_is_refused(world: World) -> None:
    services = world.services(RECORD)
    assert open_pdf(ASHA, EVERYWHERE, services=services, record=RECORD) == Refused(RefusalCode.MISSING)


def test_25_parallel_links_leave_an_intact_chain_on_disk(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    ledger_migration.migrate(url)
    ledger = ledger_db.connect(url)
    services = replace(bench(clock=lambda: NOW).services, trail=Trail(ledger, key_secret=b"k" * 32))
    with ThreadPoolExecutor(25) as pool:
        made = list(
            pool.map(lambda _: issue(ASHA, EVERYWHERE, services=services, record=RECORD, request=AN_HOUR), range(25))
        )
    assert all(isinstance(link, PresignedUrl) for link in made)
    events = list(ledger.events())
    assert isinstance(verify(iter(events)), Intact)
    results: dict[str, list[str]] = {}
    for event in events:
        results.setdefault(event.request_id, []).append(event.result)
    assert sorted(results.values()) == [["intent", "ok"]] * 25
