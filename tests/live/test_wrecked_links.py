"""Against a real Ceph RGW: each broken link is refused there as the autopsy says, and each mended one opens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from dashboard.demo.guarded_s3 import SeedObject
from lib import autopsy, error_pages, link_faults, pasted
from lib.autopsy import Autopsy
from lib.error_pages import ErrorCode
from lib.keys import Rules
from lib.link_faults import LinkFault
from lib.objects import Fetched
from lib.stores import s3_stranger
from tests.core import wrecks
from tests.core.test_autopsy import BREAKS, at_key
from tests.core.wrecks import KEY, LOCATION, STORED
from tests.parts.ceph import OWNER, Ceph

F = LinkFault
PDF = b"%PDF-1.7 not much of a prescription"
# Of these Ceph opens some or cannot show the fault; each has its own test, or its reason here.
NOT_THERE = {
    "another host": "no other host answers here",
    "the CDN": "there is no CDN",
    "our own domain": "likewise",
    "hxxps": "no client speaks it",
    "lower case": "tested below: refused",
    "clock ahead": "Ceph opens it; tested below",
    "twice": "Ceph opens it; tested below",
    "another day in the scope": "replaces the signer too; tested below",
    "three hours old": "must be signed anew; tested below",
    "bucket in host and path": "needs a name for the host",
    "bucket twice in the host": "likewise",
    "mail source": "tested with the mends",
}


@dataclass(frozen=True, slots=True)
class World:
    """A bucket with one prescription, and links to it."""

    ceph: Ceph
    bucket: str

    @property
    def host(self) -> str:
        return urlsplit(self.ceph.endpoint_url).netloc

    def signed(self, key: str = KEY, **options: object) -> str:
        named: dict[str, object] = {"endpoint": self.ceph.endpoint_url, "bucket": self.bucket}
        return wrecks.signed(key, **(named | options))  # type: ignore[arg-type]

    def look(self, text: str) -> Autopsy:
        rules = Rules(LOCATION, self.bucket, url_hosts=(self.host,))
        seen = autopsy.examine(text, rules, now=datetime.now(UTC), endpoint_host=self.host)
        assert seen is not None
        return seen

    def main(self, text: str) -> LinkFault | None:
        found = autopsy.why(self.look(text))
        return found.fault if found else None


@pytest.fixture(scope="module")
def world(ceph: Ceph) -> World:
    bucket = ceph.bucket()
    ceph.put(bucket, SeedObject(KEY, PDF))
    return World(ceph, bucket)


def opened(url: str) -> Fetched:
    return s3_stranger.fetch(url, first_bytes=1024, timeout_s=8)


def test_a_link_signed_at_another_time_is_a_real_one(world: World) -> None:
    assert opened(wrecks.signed_at(world.signed(), datetime.now(UTC) - timedelta(minutes=5))).status == 206


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_whole_link_opens(world: World, version: str) -> None:
    link = world.signed(version=version)
    assert opened(link).status == 206
    assert world.main(link) is None


@pytest.mark.parametrize("name", [name for name in BREAKS if name not in NOT_THERE])
def test_each_broken_link_is_refused(world: World, name: str) -> None:
    link = world.signed()
    wreck, fault = BREAKS[name]
    text = wreck(link.replace(f"/{world.bucket}/", "/edrspace/")).replace("edrspace", world.bucket)
    assert world.main(text) is fault
    # What a browser makes of the text: white space in the line of an address is dropped at its ends, encoded within.
    sent = text.partition("\n")[0] if fault is F.WRAPPED else re.sub("[^!-~]", "%E2%80%8B", text.strip("\ufeff"))
    fetched = opened(sent)
    assert fetched.status in {400, 403, 404}, fetched
    if fetched.error_code:
        page = error_pages.read(fetched.body.decode())
        assert page is not None
        assert page.code not in {ErrorCode.OTHER, ErrorCode.UNNAMED}


@pytest.mark.parametrize("version", ["s3v4", "s3"])
@pytest.mark.parametrize("name", wrecks.MENDABLE)
def test_each_mend_opens(world: World, name: str, version: str) -> None:
    wreck, _ = wrecks.MENDABLE[name]
    link = world.signed(version=version).replace("http://", "https://")  # the wrecks are made of https links
    found = pasted.read(wreck(link), Rules(LOCATION, world.bucket, url_hosts=(world.host,)))
    assert found.link is not None
    assert opened(found.link.replace("https://", "http://")).status == 206


def test_the_founding_link_answers_no_such_key_and_its_resolved_key_opens(world: World) -> None:
    link = world.signed(STORED)
    seen = world.look(link)
    assert opened(link).error_code == "NoSuchKey"
    assert world.main(link) is F.LOCATION_MISSING
    assert seen.resolved is not None
    assert opened(world.signed(seen.resolved)).status == 206


def test_an_endpoint_with_the_bucket_in_it_answers_no_such_key_too(world: World) -> None:
    link = world.signed(endpoint=f"{world.ceph.endpoint_url}/{world.bucket}")
    assert opened(link).error_code == "NoSuchKey"
    assert world.main(link) is F.BUCKET_TWICE


@pytest.mark.parametrize(
    ("expires", "fault"),
    [
        (0, F.EXPIRY_WRONG),
        (-5, F.EXPIRY_WRONG),
        (604801, F.EXPIRY_TOO_LONG),
        (10**8, F.EXPIRY_TOO_LONG),
        (604800, None),
    ],
)
def test_what_boto3_signs_without_a_word_is_refused_at_use(world: World, expires: int, fault: LinkFault | None) -> None:
    link = world.signed(expires=expires)
    fetched = opened(link)
    assert (fetched.status, fetched.error_code) == ((206, None) if fault is None else (403, "AccessDenied"))
    assert world.main(link) is fault


def test_an_expired_link_is_refused(world: World) -> None:
    link = wrecks.signed_at(world.signed(), datetime.now(UTC) - timedelta(hours=4))
    assert opened(link).error_code == "AccessDenied"
    seen = world.look(link)
    assert world.main(link) is F.EXPIRED
    assert seen.expired_for is not None
    assert timedelta(hours=3) <= seen.expired_for < timedelta(hours=3, minutes=1)


def test_a_clock_that_is_ahead_makes_links_that_ceph_opens_all_the_same(world: World) -> None:
    link = wrecks.signed_at(world.signed(), datetime.now(UTC) + timedelta(days=2))
    assert opened(link).status == 206
    assert world.main(link) is F.NOT_YET_VALID
    assert F.NOT_YET_VALID in link_faults.SOME_SERVERS


def test_a_doubled_parameter_and_another_region_are_opened_by_ceph(world: World) -> None:
    link = f"{world.signed()}&X-Amz-Expires=3600"
    assert opened(link).status == 206
    assert world.main(link) in link_faults.SOME_SERVERS
    assert opened(world.signed(region="nyc3")).status == 206


def test_names_in_lower_case_and_another_day_in_the_scope_are_refused(world: World) -> None:
    link = world.signed().replace("X-Amz-", "x-amz-")
    assert (opened(link).status, world.main(link)) == (403, F.CASE_CHANGED)
    link = re.sub(r"%2F\d{8}%2F", "%2F20200101%2F", world.signed())
    assert (opened(link).status, world.main(link)) == (403, F.SCOPE_DATE)


def test_another_name_of_the_same_host_breaks_the_new_signature_and_not_the_old(world: World) -> None:
    link, old = (world.signed(version=version).replace("127.0.0.1", "localhost") for version in ("s3v4", "s3"))
    assert opened(link).error_code == "SignatureDoesNotMatch"
    assert world.main(link) is F.HOST_FOREIGN
    assert opened(old).status == 206


def test_campaign_parameters_do_not_break_the_old_signature(world: World) -> None:
    link = f"{world.signed(version='s3')}&utm_source=mail"
    assert (opened(link).status, world.main(link)) == (206, None)


def test_a_plus_for_a_space_in_the_query_is_opened(world: World) -> None:
    assert opened(world.signed(filename="my rx.pdf").replace("%20", "+")).status == 206


def test_a_key_that_looks_encoded_may_be_right(world: World) -> None:
    key = f"{LOCATION}/a%20b.pdf"
    world.ceph.put(world.bucket, SeedObject(key, PDF))
    link = world.signed(key)
    assert opened(link).status == 206
    assert world.main(link) is None
    assert opened(at_key("edrcontainer1/a%20b.pdf")(link)).status == 403  # decoded once more, it is another key


def test_links_are_signed_by_the_owner_that_the_autopsy_names(world: World) -> None:
    assert world.look(world.signed()).signer == autopsy.masked(OWNER.access_key_id)
