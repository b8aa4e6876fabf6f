"""Links of boto3's own presigner, broken in each way, one by one and in pairs: the main reason is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache

import pytest

from lib import autopsy, link_faults
from lib.autopsy import Autopsy, Signature
from lib.keys import Rules
from lib.link_faults import FaultFound, LinkFault
from tests.core import wrecks
from tests.core.wrecks import HOST, KEY, LINK, RULES, STORED, again, signed

F = LinkFault
HOUR = timedelta(hours=1)
SIGNED_AT = datetime.strptime(re.findall(r"X-Amz-Date=(\w+)", LINK)[0] + "+0000", "%Y%m%dT%H%M%SZ%z")


def look(text: str, *, now: datetime = SIGNED_AT, rules: Rules = RULES, region: str | None = "sgp1") -> Autopsy:
    seen = autopsy.examine(text, rules, now=now, endpoint_host=HOST, region=region)
    assert seen is not None
    return seen


def faults(text: str, *, now: datetime = SIGNED_AT) -> list[LinkFault]:
    return [each.fault for each in look(text, now=now).problems if each.fault not in link_faults.NOTES]


def main(text: str, *, now: datetime = SIGNED_AT) -> LinkFault | None:
    found = autopsy.why(look(text, now=now))
    return found.fault if found else None


def later(link: str, *, by: timedelta) -> str:
    """Return a link as if signed at another time."""
    at = SIGNED_AT + by
    scope = f"TESTOWNERACCESSKEY00/{at:%Y%m%d}/sgp1/s3/aws4_request"
    return again(link, Date=f"{at:%Y%m%dT%H%M%SZ}", Credential=scope)


def without(name: str) -> Callable[[str], str]:
    return lambda link: re.sub(rf"&X-Amz-{name}=[^&]*", "", link)


def at_key(key: str) -> Callable[[str], str]:
    return lambda link: re.sub(r"edrcontainer1/.*\.pdf(?=\?)", key, link)


# Each way to break a link: what is done to it, and the main reason that must be named.
BREAKS: Mapping[str, tuple[Callable[[str], str], LinkFault]] = {
    "last ten characters lost": (lambda link: link[:-10], F.CUT_OFF),
    "cut within a name": (lambda link: link[: link.index("X-Amz-SignedH") + 9], F.CUT_OFF),
    "cut within the credential": (lambda link: link[: link.index("X-Amz-Cred") + 30], F.CUT_OFF),
    "cut behind the expiry": (lambda link: link[: link.index("&X-Amz-SignedH")], F.CUT_OFF),
    "no algorithm": (without("Algorithm"), F.PARAMETERS_MISSING),
    "no credential": (without("Credential"), F.PARAMETERS_MISSING),
    "no date": (without("Date"), F.PARAMETERS_MISSING),
    "no expiry": (without("Expires"), F.PARAMETERS_MISSING),
    "no signed headers": (without("SignedHeaders"), F.PARAMETERS_MISSING),
    "&amp;": (wrecks.MENDABLE["&amp;"][0], F.AMPERSANDS),
    "&amp;amp;": (wrecks.MENDABLE["&amp;amp;"][0], F.AMPERSANDS),
    "wrapped": (wrecks.wrapped, F.WRAPPED),
    "trailing dot": (lambda link: f"{link}.", F.TRAILING_RUBBISH),
    "trailing bracket": (lambda link: f"{link})", F.TRAILING_RUBBISH),
    "percent signs again": (lambda link: link.replace("%", "%25"), F.RE_ENCODED),
    "zero width": (wrecks.MENDABLE["zero width"][0], F.INVISIBLE),
    "hxxps": (wrecks.MENDABLE["hxxps"][0], F.REWRITTEN),
    "mail source": (wrecks.MENDABLE["mail source"][0], F.REWRITTEN),
    "lower case": (lambda link: link.replace("X-Amz-", "x-amz-"), F.CASE_CHANGED),
    "signature in capitals": (lambda link: again(link, Signature="A" * 64), F.SIGNATURE_CHANGED),
    "signature too long": (lambda link: f"{link}ab", F.SIGNATURE_CHANGED),
    "another host": (lambda link: link.replace(HOST, "nyc3.example.com"), F.HOST_FOREIGN),
    "the CDN": (lambda link: link.replace(f"{HOST}/edrspace", "edrspace.sgp1.cdn.example.com"), F.HOST_CDN),
    "our own domain": (lambda link: link.replace(f"{HOST}/edrspace", "files.example.org"), F.HOST_CDN),
    "another bucket": (lambda link: link.replace("/edrspace/", "/other/"), F.BUCKET_FOREIGN),
    "bucket in the endpoint": (lambda link: link.replace("/edrspace/", "/edrspace/edrspace/"), F.BUCKET_TWICE),
    "bucket in host and path": (lambda link: link.replace(f"//{HOST}", f"//edrspace.{HOST}"), F.BUCKET_TWICE),
    "bucket twice in the host": (
        lambda link: link.replace(f"//{HOST}/edrspace", f"//edrspace.edrspace.{HOST}"),
        F.BUCKET_TWICE,
    ),
    "eight days": (lambda link: again(link, Expires="691200"), F.EXPIRY_TOO_LONG),
    "for ever": (lambda link: again(link, Expires="9" * 30), F.EXPIRY_TOO_LONG),
    "no time at all": (lambda link: again(link, Expires="0"), F.EXPIRY_WRONG),
    "less than no time": (lambda link: again(link, Expires="-5"), F.EXPIRY_WRONG),
    "time in words": (lambda link: again(link, Expires="1h"), F.EXPIRY_WRONG),
    "clock ahead": (lambda link: later(link, by=timedelta(minutes=20)), F.NOT_YET_VALID),
    "no such day": (lambda link: again(link, Date="20261324T000000Z"), F.DATE_WRONG),
    "another day in the scope": (lambda link: again(link, Credential="A/20200101/sgp1/s3/aws4_request"), F.SCOPE_DATE),
    "another service": (lambda link: link.replace("%2Fs3%2F", "%2Fec2%2F"), F.SCOPE_WRONG),
    "another algorithm": (lambda link: again(link, Algorithm="AWS4-HMAC-SHA1"), F.ALGORITHM),
    "no key": (at_key(""), F.KEY_MISSING),
    "a key too long": (at_key(f"edrcontainer1/{'a' * 1100}"), F.KEY_IMPOSSIBLE),
    "a key with NUL": (at_key("edrcontainer1/a%00.pdf"), F.KEY_IMPOSSIBLE),
    "a key that browsers fold": (at_key("edrcontainer1/../a.pdf"), F.KEY_FOLDED),
    "the bare key": (at_key(STORED), F.LOCATION_MISSING),
    "an older location": (at_key("media/a.pdf"), F.LOCATION_MISSING),
    "a sibling of the location": (at_key("edrcontainer10/a.pdf"), F.LOCATION_MISSING),
    "campaign": (lambda link: f"{link}&utm_source=mail", F.PARAMETERS_ADDED),
    "twice": (lambda link: f"{link}&X-Amz-Expires=60", F.PARAMETERS_TWICE),
    "signed headers": (lambda link: again(link, SignedHeaders="host;x-amz-date"), F.HEADERS_SIGNED),
    "three hours old": (lambda link: later(link, by=-timedelta(hours=3)), F.EXPIRED),
    "no signature": (lambda link: link.partition("?")[0], F.NOT_SIGNED),
}


def test_a_whole_link_looks_fine_and_says_everything_about_itself() -> None:
    seen = look(signed())
    assert autopsy.why(seen) is None
    assert (seen.signature, seen.bucket, seen.key, seen.region) == (Signature.V4, "edrspace", KEY, "sgp1")
    assert seen.signer == "TEST…00"
    assert seen.issued_at is not None
    assert seen.expires_at == seen.issued_at + HOUR
    assert (seen.is_expired, seen.expired_for) == (False, None)
    assert (seen.resolved, seen.key_decoded_twice) == (None, None)


@pytest.mark.parametrize(
    "options", [{"style": "virtual"}, {"token": "T+/="}, {"filename": "Zoë (1).pdf"}, {"expires": 604800}]
)
def test_other_whole_links_look_fine_too(options: dict[str, object]) -> None:
    assert main(signed(**options)) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("name", BREAKS)
def test_each_break_is_named(name: str) -> None:
    wreck, fault = BREAKS[name]
    assert main(wreck(LINK)) is fault
    assert faults(wreck(LINK))[0] is fault


def test_every_fault_that_breaks_a_link_is_tested() -> None:
    assert {fault for _, fault in BREAKS.values()} == set(LinkFault) - link_faults.NOTES


DEEP = [name for name, (_, fault) in BREAKS.items() if fault not in link_faults.DAMAGE]


@pytest.mark.parametrize("damage", [name for name in BREAKS if name not in DEEP])
@pytest.mark.parametrize("deep", ["the bare key", "three hours old", "eight days", "the CDN", "campaign", "no expiry"])
def test_damage_that_can_be_undone_is_not_the_main_reason_when_the_mended_link_would_not_open(
    deep: str, damage: str
) -> None:
    wreck, fault = BREAKS[deep]
    broken = BREAKS[damage][0](wreck(LINK))
    assert main(broken) is fault
    assert BREAKS[damage][1] in faults(broken)


@pytest.mark.parametrize("first", DEEP)
@pytest.mark.parametrize("second", ["the bare key", "eight days", "three hours old", "clock ahead", "campaign"])
def test_of_two_faults_the_first_in_precedence_is_the_main_one(first: str, second: str) -> None:
    (one, fault), (other, also) = BREAKS[first], BREAKS[second]
    broken = one(other(LINK))
    named = faults(broken)
    assert {fault, also} & set(named)  # one may hide the other, such as another bucket the missing location
    assert named == sorted(named, key=list(LinkFault).index)
    certain = [each for each in named if each not in link_faults.SOME_SERVERS]
    assert main(broken) is (certain or named)[0]


def test_the_founding_link_says_which_key_would_be_right() -> None:
    seen = look(signed(STORED))
    assert autopsy.why(seen) == FaultFound(F.LOCATION_MISSING)
    assert (seen.key, seen.resolved) == (STORED, KEY)


def test_the_bucket_inside_the_endpoint_is_no_missing_location() -> None:
    assert faults(signed(endpoint=f"https://{HOST}/edrspace")) == [F.BUCKET_TWICE]
    assert faults(signed(endpoint=f"https://edrspace.{HOST}")) == [F.BUCKET_TWICE]
    assert faults(signed(STORED, endpoint=f"https://{HOST}/edrspace")) == [F.BUCKET_TWICE, F.LOCATION_MISSING]


def test_a_location_named_like_the_bucket_is_no_bucket_twice() -> None:
    rules = Rules("edrspace", "edrspace", url_hosts=RULES.url_hosts)
    seen = look(signed("edrspace/a.pdf"), rules=rules)
    assert (seen.key, autopsy.why(seen)) == ("edrspace/a.pdf", None)


def test_without_a_location_no_key_lacks_it() -> None:
    assert autopsy.why(look(signed(STORED), rules=Rules("", "edrspace", url_hosts=RULES.url_hosts))) is None


def test_missing_and_added_parameters_are_named() -> None:
    assert autopsy.why(look(without("Date")(LINK))) == FaultFound(F.PARAMETERS_MISSING, "X-Amz-Date")
    found = autopsy.why(look(f"{LINK}&utm_source=a&fbclid=b"))
    assert found == FaultFound(F.PARAMETERS_ADDED, "utm_source, fbclid")


def test_no_detail_holds_a_piece_of_a_signature() -> None:
    stray = f"{LINK}&{wrecks.SIGNATURE}=1&x{wrecks.SIGNATURE[:30]}"
    assert wrecks.SIGNATURE[:20] not in repr(look(stray).problems)


def test_an_expired_link_says_for_how_long() -> None:
    seen = look(LINK, now=SIGNED_AT + 4 * HOUR)
    assert (seen.is_expired, seen.expired_for) == (True, 3 * HOUR)
    assert look(LINK, now=SIGNED_AT + HOUR).is_expired
    assert not look(LINK, now=SIGNED_AT + HOUR - timedelta(seconds=1)).is_expired


def test_a_clock_that_is_a_little_ahead_is_tolerated() -> None:
    assert main(LINK, now=SIGNED_AT - timedelta(minutes=15)) is None


@pytest.mark.parametrize(
    ("link", "note"),
    [
        (signed(region="nyc3"), FaultFound(F.REGION_OTHER, "nyc3")),
        (signed(version="s3"), FaultFound(F.SIGV2)),
        (signed(endpoint=f"http://{HOST}"), FaultFound(F.PLAIN_HTTP)),
        (signed("edrcontainer1/a+b.pdf").replace("%2B", "+"), FaultFound(F.PLUS_SIGN)),
        (signed("edrcontainer1/a%20b.pdf"), FaultFound(F.KEY_LOOKS_ENCODED)),
        (LINK, FaultFound(F.ANSWER_SET)),
    ],
)
def test_what_is_worth_knowing_breaks_nothing(link: str, note: FaultFound) -> None:
    seen = look(link)
    assert autopsy.why(seen) is None
    assert note in seen.problems


def test_a_key_that_still_looks_encoded_is_shown_both_ways() -> None:
    seen = look(signed("edrcontainer1/a%20b.pdf"))
    assert (seen.key, seen.key_decoded_twice) == ("edrcontainer1/a%20b.pdf", "edrcontainer1/a b.pdf")


@cache
def old(**options: int) -> str:
    return signed(version="s3", **options)  # type: ignore[arg-type]


class TestTheOldSignature:
    def test_says_signer_key_and_end_but_no_beginning(self) -> None:
        seen = look(old())
        assert (seen.signature, seen.signer, seen.key, seen.issued_at) == (Signature.V2, "TEST…00", KEY, None)
        assert seen.expires_at is not None
        assert not seen.is_expired

    @pytest.mark.parametrize(
        ("wreck", "fault"),
        [
            (lambda link: link[: link.index("&Expires")], F.CUT_OFF),
            (lambda link: link[:-4], F.CUT_OFF),
            (lambda link: re.sub("Signature=[^&]*&", "", link), F.PARAMETERS_MISSING),
            (lambda link: re.sub("Signature=[^&]*", "Signature=abc", link), F.SIGNATURE_CHANGED),
            (lambda link: re.sub("Expires=.*", "Expires=soon", link), F.EXPIRY_WRONG),
            (lambda link: re.sub("Expires=.*", "Expires=1700000000", link), F.EXPIRED),
            (lambda link: link.replace("&", "&amp;"), F.AMPERSANDS),
            (lambda link: f"{link}.", F.TRAILING_RUBBISH),
            (at_key(STORED), F.LOCATION_MISSING),
        ],
    )
    def test_breaks_in_its_own_ways(self, wreck: Callable[[str], str], fault: LinkFault) -> None:
        assert main(wreck(old())) is fault

    def test_minds_neither_host_nor_campaign(self) -> None:
        assert main(old().replace(f"{HOST}/edrspace", "edrspace.sgp1.cdn.example.com")) is None
        assert main(f"{old()}&utm_source=mail") is None


def test_a_text_without_a_link_has_no_autopsy() -> None:
    assert autopsy.examine("edrcontainer1/a.pdf", RULES, now=SIGNED_AT) is None
