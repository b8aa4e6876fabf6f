"""The rules about keys as a table. The real django-storages is the oracle for what the storage wrote."""

from __future__ import annotations

import django.conf
import pytest
from django.core.exceptions import SuspiciousOperation
from hypothesis import given, settings
from hypothesis import strategies as st
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from lib import keys
from lib.catalogue import Code
from lib.keys import Rules
from tests.bench import keys as bench

if not django.conf.settings.configured:
    django.conf.settings.configure()

HEX = "0123456789abcdef0123456789abcdef"
HEALTHY = f"prescriptions/pdfs/CON153/{HEX}.pdf"
RULES = Rules(
    location="edrcontainer1",
    bucket="edrspace",
    previous_locations=("old/files", "edrcontainer10"),
    url_hosts=(
        "sgp1.digitaloceanspaces.com",
        "edrspace.sgp1.digitaloceanspaces.com",
        "edrspace.sgp1.cdn.digitaloceanspaces.com",
        "files.clinic.example",
        "127.0.0.1:9000",
    ),
)

PIECES = [
    *("a", "b.pdf", "/", "//", "./", "../", ".", "..", "\\", " ", "\n", "\t", "%20", "+", "é", "e\u0301", "\u202e"),
    *("loc", "loc/", "loc0/", "/loc/", "https://h/", "None", "\U0001f48a", "\u200b", "~", "&", "-"),
]
NAMES = st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.text(max_size=100)
LOCATIONS = st.sampled_from(
    ["", "loc", "loc/", "lo", "a/b", "a/b//", "loc0", ".", "..", "é", "a//b", "./loc", "/", "a b"]
)


def stored_name_of(storage: S3Storage, name: str) -> str | None:
    """Return what every method of the storage asks for: ``_normalize_name(clean_name(name))``."""
    try:
        return storage._normalize_name(clean_name(name))
    except SuspiciousOperation:
        return None


@pytest.mark.parametrize(
    ("stored", "resolved", "written"),
    [
        ("prescriptions/a.pdf", "loc/prescriptions/a.pdf", "loc/prescriptions/a.pdf"),
        ("loc/prescriptions/a.pdf", "loc/prescriptions/a.pdf", "loc/loc/prescriptions/a.pdf"),
        ("loc0/a.pdf", "loc/loc0/a.pdf", "loc/loc0/a.pdf"),
        ("Loc/a.pdf", "loc/Loc/a.pdf", "loc/Loc/a.pdf"),
        ("loc", "loc/loc", "loc/loc"),
        ("/a.pdf", "loc//a.pdf", None),
        ("/loc/a.pdf", "loc//loc/a.pdf", None),
        ("//a.pdf", "loc///a.pdf", None),
        ("a//b.pdf", "loc/a//b.pdf", "loc/a/b.pdf"),
        ("a/./b.pdf", "loc/a/./b.pdf", "loc/a/b.pdf"),
        ("a/../b.pdf", "loc/a/../b.pdf", "loc/b.pdf"),
        ("../a.pdf", "loc/../a.pdf", None),
        ("../loc/a.pdf", "loc/../loc/a.pdf", "loc/a.pdf"),
        ("a\\b.pdf", "loc/a\\b.pdf", "loc/a/b.pdf"),
        ("a\\..\\b.pdf", "loc/a\\..\\b.pdf", "loc/b.pdf"),
        ("a/", "loc/a/", "loc/a/"),
        ("", "loc/", "loc/"),
        (".", "loc/.", "loc/"),
        ("https://h/a.pdf", "loc/https://h/a.pdf", "loc/https:/h/a.pdf"),
        (" a.pdf\n", "loc/ a.pdf\n", "loc/ a.pdf\n"),
        ("a%20b+c.pdf", "loc/a%20b+c.pdf", "loc/a%20b+c.pdf"),
        ("e\u0301.pdf", "loc/e\u0301.pdf", "loc/e\u0301.pdf"),
    ],
)
def test_the_two_rules_as_a_table(stored: str, resolved: str, written: str | None) -> None:
    assert keys.resolve(stored, location="loc") == resolved
    assert keys.written(stored, location="loc") == written
    described = keys.describe(stored, Rules("loc", "bucket"))
    assert (described.stored, described.resolved, described.written) == (stored, resolved, written)
    assert described.agree is (resolved == written)


@pytest.mark.parametrize("location", ["loc", "loc/", "/loc", "//loc//"])
def test_slashes_at_the_ends_of_the_location_change_nothing(location: str) -> None:
    assert keys.resolve("a.pdf", location=location) == "loc/a.pdf"
    assert keys.written("a.pdf", location=location) == "loc/a.pdf"


@pytest.mark.parametrize("location", ["", "/"])
def test_without_a_location_nothing_is_prefixed_or_cleaned_by_the_signer(location: str) -> None:
    assert keys.resolve("/a//./b.pdf", location=location) == "/a//./b.pdf"
    assert keys.written("/a//./b.pdf", location=location) == "a/b.pdf"
    assert keys.resolve("", location=location) == ""


@settings(deadline=None)
@given(NAMES, LOCATIONS)
def test_the_signers_rule_is_idempotent_and_changes_no_byte_of_the_name(name: str, location: str) -> None:
    resolved = keys.resolve(name, location=location)
    assert keys.resolve(resolved, location=location) == resolved
    assert resolved.endswith(name)
    added, rest = keys.changed(name, resolved)
    assert added + rest == resolved
    assert rest == name


@settings(deadline=None)
@given(NAMES, LOCATIONS)
def test_written_is_what_the_real_storage_asks_for(name: str, location: str) -> None:
    storage = S3Storage(location=location.lstrip("/"), bucket_name="bucket")
    assert keys.written(name, location=location) == stored_name_of(storage, name)


def test_a_campaign_of_odd_names_and_locations_finds_no_fault() -> None:
    """A slice; the whole is ``python -m tests.bench.keys --examples 1000000``."""
    found = bench.campaign(examples=30_000, seed=20_261_124)
    assert found.faults == ()
    assert min(found.refused, found.disagreeing, found.impossible) > 1000


@settings(deadline=None)
@given(NAMES, LOCATIONS)
def test_any_text_can_be_described(name: str, location: str) -> None:
    rules = Rules(location, "bucket", ("media", ""), ("h",))
    described = keys.describe(name, rules)
    assert described.agree is (described.resolved == described.written)
    keys.impossible(name)
    keys.key_of_url(name, rules)
    keys.key_of_url(f"https://h/{name}", rules)


@pytest.mark.parametrize(
    ("stored", "problem"),
    [
        (HEALTHY, None),
        (f"edrcontainer1/{HEALTHY}", None),
        ("prescriptions/pdfs/CON153/my rx (1) 100%.pdf", None),
        ("prescriptions/pdfs/CON153/मेरा पर्चा.pdf", None),
        ("prescriptions/pdfs/CON153/рецепт.pdf", None),
        ("prescriptions/my%20rx.pdf", None),
        ("", Code.EMPTY),
        ("None", Code.EMPTY),
        ("null", Code.EMPTY),
        (" \n", Code.EMPTY),
        ("https:/edrspace.sgp1.digitaloceanspaces.com/edrcontainer1/p/a.pdf", Code.URL_COLLAPSED),
        ("edrcontainer1/https:/edrspace.sgp1.digitaloceanspaces.com/p/a.pdf", Code.URL_COLLAPSED),
        ("https://edrspace.sgp1.digitaloceanspaces.com/a.pdf?X-Amz-Expires=1&X-Amz-Signature=x", Code.URL_PRESIGNED),
        ("https://edrspace.sgp1.digitaloceanspaces.com/a.pdf?Expires=1&Signature=x", Code.URL_PRESIGNED),
        ("https://edrspace.sgp1.cdn.digitaloceanspaces.com/edrcontainer1/p/a.pdf", Code.URL_CDN),
        ("https://files.clinic.example/edrcontainer1/p/a.pdf", Code.URL_CDN),
        ("https://edrspace.sgp1.digitaloceanspaces.com/edrcontainer1/p/a.pdf", Code.URL_VIRTUAL_HOST),
        ("HTTPS://EDRSPACE.sgp1.digitaloceanspaces.com/a.pdf\n", Code.URL_VIRTUAL_HOST),
        ("https://other.sgp1.digitaloceanspaces.com/p/a.pdf", Code.URL_VIRTUAL_HOST),
        ("https://sgp1.digitaloceanspaces.com/edrspace/edrcontainer1/p/a.pdf", Code.URL_PATH_STYLE),
        ("http://localhost:8000/media/prescriptions/a.pdf", Code.URL_LOCAL_SERVER),
        ("https://app.clinic.example/media/prescriptions/a.pdf", Code.URL_LOCAL_SERVER),
        ("http://[oops/a.pdf", Code.URL_LOCAL_SERVER),
        ("s3://edrspace/edrcontainer1/p/a.pdf", Code.S3_URI),
        ("prescriptions/a.pdf\n", Code.WHITESPACE),
        (" prescriptions/a.pdf", Code.WHITESPACE),
        ("prescriptions/\u200bab12.pdf", Code.INVISIBLE),
        ("prescriptions/ab\u00a012.pdf", Code.INVISIBLE),
        ("prescriptions/ab\x0012.pdf", Code.INVISIBLE),
        ("prescriptions/pdfs/\u0421ON153/a.pdf", Code.INVISIBLE),  # a Cyrillic letter that looks like C
        ("/home/app/media_cdn/prescriptions/a.pdf", Code.LOCAL_PATH),
        ("media_cdn/prescriptions/a.pdf", Code.LOCAL_PATH),
        ("C:\\media\\a.pdf", Code.LOCAL_PATH),
        ("prescriptions\\pdfs\\a.pdf", Code.BACKSLASH),
        ("/prescriptions/a.pdf", Code.LEADING_SLASH),
        ("/media/prescriptions/a.pdf", Code.LEADING_SLASH),
        ("prescriptions/../x/a.pdf", Code.DOT_SEGMENT),
        ("prescriptions/./a.pdf", Code.DOT_SEGMENT),
        ("prescriptions/pdfs/CON153/", Code.TRAILING_SLASH),
        ("edrcontainer1/", Code.TRAILING_SLASH),
        ("prescriptions//a.pdf", Code.DOUBLE_SLASH),
        ("edrcontainer1//prescriptions/a.pdf", Code.DOUBLE_SLASH),
        ("edrcontainer1/edrcontainer1/prescriptions/a.pdf", Code.LOCATION_DOUBLED_IN_URL),
        ("old/files/prescriptions/a.pdf", Code.LOCATION_OLD),
        ("edrcontainer10/prescriptions/a.pdf", Code.LOCATION_OLD),
        ("media/prescriptions/a.pdf", Code.LOCATION_OLD),
        ("edrspace/edrcontainer1/prescriptions/a.pdf", Code.BUCKET_IN_KEY),
        ("edrcontainer1b/prescriptions/a.pdf", Code.LOCATION_SIBLING),
        ("edrcontainer1_old/prescriptions/a.pdf", Code.LOCATION_SIBLING),
        ("development/media/private/a.pdf", Code.ENVIRONMENT_PREFIX),
        ("tmpab12.upload", Code.TEMP_NAME),
        ("prescriptions/a.pdf.part", Code.TEMP_NAME),
        ("prescriptions/pdfs/CON153/".ljust(100, "x"), Code.TRUNCATED),
        ("prescriptions/pdfs/CON153/".ljust(97, "x") + ".pd", Code.TRUNCATED),
        ("prescriptions/pdfs/CON153/".ljust(96, "x") + ".pdf", None),
        ("prescriptions/pdfs/CON153/".ljust(99, "x"), None),
        ("prescriptions/pdfs/no-consultation/ab12.pdf", Code.PLACEHOLDER_FOLDER),
        ("prescriptions/pdfs/None/ab12.pdf", Code.PLACEHOLDER_FOLDER),
    ],
)
def test_what_a_stored_key_shows_by_itself(stored: str, problem: Code | None) -> None:
    assert keys.describe(stored, RULES).problem is problem


def test_a_row_that_carries_the_prefix_is_a_disagreement_and_no_problem() -> None:
    described = keys.describe(f"edrcontainer1/{HEALTHY}", RULES)
    assert (described.resolved, described.agree, described.problem) == (f"edrcontainer1/{HEALTHY}", False, None)


def test_a_sibling_of_the_location_is_told_from_a_word_that_goes_on() -> None:
    assert keys.describe("edrcontainer10/a.pdf", Rules("edrcontainer1", "b")).problem is Code.LOCATION_SIBLING
    assert keys.describe(HEALTHY, Rules("pre", "b")).problem is None
    assert keys.describe(HEALTHY, Rules("prescriptions", "b")).problem is None


def test_without_a_location_no_prefix_is_an_older_one_unless_settings_say_so() -> None:
    assert keys.describe("media/a.pdf", Rules("", "b")).problem is None
    assert keys.describe("media/a.pdf", Rules("", "b", ("media",))).problem is Code.LOCATION_OLD
    assert keys.describe("media/a.pdf", Rules("media", "b", ("media",))).problem is None


@pytest.mark.parametrize("bucket", ["edrspace", ""])
def test_an_address_is_recognised_without_any_known_host(bucket: str) -> None:
    rules = Rules("loc", bucket)
    assert keys.describe("https://edrspace.sgp1.digitaloceanspaces.com/a.pdf", rules).problem is Code.URL_VIRTUAL_HOST
    assert keys.describe("https://sgp1.digitaloceanspaces.com/edrspace/a.pdf", rules).problem is Code.URL_PATH_STYLE


@pytest.mark.parametrize(
    ("key", "is_impossible"),
    [
        ("", True),
        ("a\0b", True),
        ("\ud800", True),
        ("a" * 1024, False),
        ("a" * 1025, True),
        ("€" * 341, False),
        ("€" * 342, True),
        ("/", False),
        ("\n", False),
    ],
)
def test_only_a_key_that_no_request_can_name_is_impossible(key: str, is_impossible: bool) -> None:
    assert keys.impossible(key) is is_impossible


@pytest.mark.parametrize(
    ("url", "key"),
    [
        (f"https://edrspace.sgp1.digitaloceanspaces.com/edrcontainer1/{HEALTHY}", f"edrcontainer1/{HEALTHY}"),
        (f"https://edrspace.sgp1.digitaloceanspaces.com/{HEALTHY}?X-Amz-Signature=x#top", HEALTHY),
        ("https://edrspace.sgp1.digitaloceanspaces.com:443/a.pdf", "a.pdf"),
        ("https:/edrspace.sgp1.digitaloceanspaces.com/a.pdf", "a.pdf"),
        ("edrspace.sgp1.digitaloceanspaces.com/a.pdf", "a.pdf"),
        (" HTTPS://EDRSPACE.SGP1.digitaloceanspaces.com/A.pdf\n", "A.pdf"),
        ("https://sgp1.digitaloceanspaces.com/edrspace/edrcontainer1/a.pdf", "edrcontainer1/a.pdf"),
        ("https://sgp1.digitaloceanspaces.com/edrspace//a.pdf", "/a.pdf"),
        ("https://sgp1.digitaloceanspaces.com/otherspace/a.pdf", None),
        ("https://otherspace.sgp1.digitaloceanspaces.com/a.pdf", None),
        ("https://edrspace.sgp1.cdn.digitaloceanspaces.com/a%20b%2520c+d.pdf", "a b%20c+d.pdf"),
        ("https://files.clinic.example/edrcontainer1/a.pdf", "edrcontainer1/a.pdf"),
        ("https://files.clinic.example/a%ff.pdf", None),
        ("http://127.0.0.1:9000/edrspace/a.pdf", "a.pdf"),
        ("http://127.0.0.1:9000/other/a.pdf", None),
        ("http://127.0.0.1:9001/edrspace/a.pdf", None),
        ("s3://edrspace/edrcontainer1/a%20b?c.pdf", "edrcontainer1/a%20b?c.pdf"),
        ("s3://other/a.pdf", None),
        ("https://edrspace.evil.example/a.pdf", None),
        ("https://edrspace.sgp1.digitaloceanspaces.com@evil.example/a.pdf", None),
        ("https://sgp1.digitaloceanspaces.com/edrspace/", None),
        ("https://edrspace.sgp1.digitaloceanspaces.com/", None),
        ("https://[::1/a.pdf", None),
        ("http://127.0.0.1:99999/edrspace/a.pdf", None),
        (HEALTHY, None),
        ("", None),
    ],
)
def test_the_key_that_a_url_names(url: str, key: str | None) -> None:
    assert keys.key_of_url(url, RULES) == key


def test_a_virtual_host_of_a_known_endpoint_is_ours_too() -> None:
    rules = Rules("loc", "edrspace", url_hosts=("s3.clinic.example:9000",))
    assert keys.key_of_url("http://edrspace.s3.clinic.example:9000/loc/a.pdf", rules) == "loc/a.pdf"


def test_a_location_named_like_the_bucket_is_not_taken_for_the_bucket_on_a_custom_domain() -> None:
    rules = Rules("edrspace", "edrspace", url_hosts=("files.clinic.example",))
    assert keys.key_of_url("https://files.clinic.example/edrspace/a.pdf", rules) == "edrspace/a.pdf"
    assert keys.key_of_url("https://files.clinic.example/edrspace/edrspace/a.pdf", rules) == "edrspace/a.pdf"
