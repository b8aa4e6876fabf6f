"""Whatever is pasted is read for what it is, in a moment, without an exception, and nothing of it is shown in a repr."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import autopsy, error_pages, mangled, pasted
from lib.keys import Rules
from lib.mangled import Undone
from lib.pasted import Kind, Pasted
from lib.records import ConsultationIs, PatientIs, PrescriptionIs, RecordIs
from tests.conftest import NOW
from tests.core import wrecks
from tests.core.wrecks import KEY, LINK, RULES, SIGNATURE, STORED

PAGE = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code><Message></Message>'
    "<BucketName>edrspace</BucketName><RequestId>tx0000067a1b2c3d4e5f607-0069142a3c-5f1a-sgp1b</RequestId>"
    "<HostId>5f1a-sgp1b-sgp1-zg02</HostId></Error>"
)


def read(text: str) -> Pasted:
    return pasted.read(text, RULES)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", Kind.EMPTY),
        (" \n\t ", Kind.EMPTY),
        ("record 12", Kind.RECORD_NUMBER),
        ("#12", Kind.RECORD_NUMBER),
        (" 153 ", Kind.RECORD_NUMBER),
        ("CON153", Kind.IDS),
        ("pat 7", Kind.IDS),
        (STORED, Kind.STORED_KEY),
        (f" {STORED}", Kind.STORED_KEY),
        ("edrcontainer10/a.pdf", Kind.STORED_KEY),
        ("ab12cd34ef56", Kind.STORED_KEY),
        (KEY, Kind.OBJECT_KEY),
        ("edrcontainer1/https://host/a.pdf", Kind.OBJECT_KEY),
        ("C:\\media_cdn\\a.pdf", Kind.STORED_KEY),
        ("a\0.pdf", Kind.STORED_KEY),
        ("\ud800.pdf", Kind.STORED_KEY),
        ("x" * 1025, Kind.STORED_KEY),
        (f"https://sgp1.example.com/edrspace/{KEY}", Kind.URL),
        (f"sgp1.example.com/edrspace/{KEY}", Kind.URL),
        (f"//edrspace.sgp1.example.com/{KEY}", Kind.URL),
        (f"https:/edrspace.sgp1.example.com/{KEY}", Kind.URL),
        ("https://other.s3.eu-west-1.amazonaws.com/a.pdf", Kind.FOREIGN_URL),
        ("https://www.example.org/", Kind.FOREIGN_URL),
        (LINK, Kind.SIGNED_LINK),
        (LINK.partition("sgp1.example.com/edrspace/")[2], Kind.SIGNED_LINK),
        (LINK.partition("?")[2], Kind.SIGNED_LINK),
        (f"s3://edrspace/{KEY}", Kind.S3_URI),
        (PAGE, Kind.ERROR_PAGE),
        (f"{KEY}\n{KEY}x.pdf\n", Kind.MANY),
        (f"{LINK}\n{LINK.replace('ab12', 'cd34')}", Kind.MANY),
        ("%PDF-1.7\n%âãÏÓ", Kind.UNREADABLE),
        ("".join(map(chr, range(32))) * 9, Kind.UNREADABLE),
        ("Anita Sharma", Kind.WORDS),
        ("Anita d/o Mohan", Kind.WORDS),
        ("98765 43210", Kind.WORDS),
    ],
)
def test_each_text_is_what_it_is(text: str, kind: Kind) -> None:
    assert read(text).kind is kind


def test_numbers_and_ids_say_what_to_ask() -> None:
    assert read("record 12").readings[0].term == RecordIs(12)
    assert [each.term for each in read("#153").readings][:3] == [
        RecordIs(153),
        PrescriptionIs(153),
        ConsultationIs(("CON153",)),
    ]
    assert read("PAT7").readings[0].term == PatientIs(("PAT7", "PAT007"))


def test_a_key_is_taken_with_its_white_space_but_without_the_line_break_of_the_terminal() -> None:
    assert read(f" {STORED} \n").key == f" {STORED} "


def test_a_link_says_its_bucket_and_its_key() -> None:
    found = read(LINK)
    assert (found.bucket, found.key, found.link, found.undone) == ("edrspace", KEY, LINK, ())


@pytest.mark.parametrize(
    ("url", "bucket", "key"),
    [
        ("https://other.s3.eu-west-1.amazonaws.com/a%20b.pdf", "other", "a b.pdf"),
        ("https://s3.amazonaws.com/other/a.pdf", "other", "a.pdf"),
        ("https://other.nyc3.digitaloceanspaces.com/a.pdf", "other", "a.pdf"),
        ("https://sgp1.example.com/other/a.pdf", "other", "a.pdf"),
        (f"https://strange.test/edrspace/{KEY}", "edrspace", KEY),
        (f"https://strange.test/{KEY}", None, KEY),
        (f"https://edrspace.strange.test/{KEY}", "edrspace", KEY),
    ],
)
def test_a_foreign_address_says_which_bucket_and_key_it_seems_to_name(url: str, bucket: str | None, key: str) -> None:
    found = read(url)
    assert (found.kind, found.bucket, found.key) == (Kind.FOREIGN_URL, bucket, key)


@pytest.mark.parametrize("name", wrecks.MENDABLE)
def test_each_wreck_of_a_link_leads_to_the_whole_link(name: str) -> None:
    wreck, undone = wrecks.MENDABLE[name]
    found = read(wreck(LINK))
    assert (found.kind, found.link) == (Kind.SIGNED_LINK, LINK)
    assert set(found.undone) == undone


@pytest.mark.parametrize("second", wrecks.ON_THE_WAY)
@pytest.mark.parametrize("first", wrecks.ON_THE_WAY)
def test_two_kinds_of_damage_are_undone_too(first: str, second: str) -> None:
    wreck = wrecks.MENDABLE[second][0](wrecks.MENDABLE[first][0](LINK))
    assert read(wreck).link == LINK


@pytest.mark.parametrize("name", wrecks.MENDABLE)
def test_the_old_signature_is_mended_too(name: str) -> None:
    link = wrecks.signed(version="s3")
    assert read(wrecks.MENDABLE[name][0](link)).link == link


@pytest.mark.parametrize("at", range(20, 100))
def test_a_link_is_joined_wherever_it_was_broken(at: int) -> None:
    alphabetical = f"{LINK.partition('?')[0]}?{'&'.join(sorted(LINK.partition('?')[2].split('&')))}"
    for link in (LINK, alphabetical, wrecks.signed(version="s3"), wrecks.signed(token="T+/=")):
        message = f"Hello:\n{wrecks.wrapped(link, at=at)}\n\nThe link works until today."
        assert read(message).link == link


def test_prose_behind_a_link_that_was_cut_off_is_not_taken_into_it() -> None:
    assert read(f"Hello:\n{LINK[:-9]}\nThe link works until today.").link == LINK[:-9]


def test_a_wrapped_address_without_a_signature_is_joined() -> None:
    url = f"https://sgp1.example.com/edrspace/{KEY}"
    assert read(f"{url[:60]}\n{url[60:]}").link == url
    assert read("https://sgp1.example.com/edrspace/edrcontainer1/my rx.pdf").key == "edrcontainer1/my rx.pdf"


def test_an_encoded_percent_sign_of_the_file_name_is_left_alone() -> None:
    link = wrecks.signed(filename="Zoë.pdf")
    assert "%25C3" in link
    assert read(link).undone == ()


def test_an_error_page_pasted_with_its_address_keeps_both() -> None:
    found = read(f"{LINK}\n\n{PAGE}")
    assert (found.kind, found.key) == (Kind.SIGNED_LINK, KEY)
    assert found.error == error_pages.read(PAGE)


def test_the_namespace_of_an_error_page_is_no_link() -> None:
    page = PAGE.replace("<Error>", '<Error xmlns="http://s3.amazonaws.com/doc/2006-03-01/">')
    assert read(page).kind is Kind.ERROR_PAGE


def test_of_many_the_first_hundred_are_read_and_the_rest_is_counted() -> None:
    found = read("\n".join(LINK.replace("ab12", f"{n:06x}") for n in range(1000)))
    assert (found.kind, len(found.items), found.left_off) == (Kind.MANY, 100, 900)
    assert {each.kind for each in found.items} == {Kind.SIGNED_LINK}
    found = read("\n".join(f"prescriptions/{n}.pdf" for n in range(1000)))
    assert (len(found.items), found.left_off) == (100, 900)
    assert [each.key for each in found.items][:2] == ["prescriptions/0.pdf", "prescriptions/1.pdf"]


def test_many_links_with_words_between_are_each_mended() -> None:
    other = LINK.replace("ab12", "cd34")
    found = read(f"First: {LINK}.\nSecond: <{other}>, thanks")
    assert [each.link for each in found.items] == [LINK, other]


def test_the_same_link_twice_is_one() -> None:
    assert read(f"{LINK} <{LINK}>").link == LINK


def test_a_text_that_is_too_long_is_said_to_be_cut() -> None:
    assert read(STORED).is_cut is False
    assert read("a/" * 4000).is_cut is True
    assert read(f"https://sgp1.example.com/edrspace/{'a/' * 9000}").is_cut is True
    assert read("\n".join([LINK] * 3000)).is_cut is True


MEGABYTE = 1024 * 1024
HARD = {
    "brackets": "(" * MEGABYTE,
    "percent": "%25" * (MEGABYTE // 3),
    "ampersands": "&amp;" * (MEGABYTE // 5),
    "lines": "\n" * MEGABYTE,
    "lines and a letter": "\n" * MEGABYTE + "a",
    "binary": "".join(map(chr, range(256))) * (MEGABYTE // 256),
    "NUL": "\0" * MEGABYTE,
    "surrogates": "\ud800" * MEGABYTE,
    "links": "\n".join([LINK] * (MEGABYTE // len(LINK))),
    "a thousand links": "\n".join(LINK.replace("ab12", str(n)) for n in range(1000)),
    "starts of links": "http://" * (MEGABYTE // 7),
    "links that start and end nowhere": "<https://a " * (MEGABYTE // 11),
    "one link": f"{LINK}{'a' * MEGABYTE}",
    "a link and brackets": f"({LINK}{'(' * MEGABYTE}",
    "a link and entities": f"{LINK}{'&amp;' * (MEGABYTE // 5)}",
    "a link and lines": LINK[:-9] + "&\n" * (MEGABYTE // 2),
    "an encoded scheme": f"https%{'25' * (MEGABYTE // 2)}3A//",
    "tags": "<" * MEGABYTE,
    "errors within errors": "<Error>" * (MEGABYTE // 7),
    "an error that does not end": "<Error " * (MEGABYTE // 7),
    "escaped tags": "&lt;Error&gt;" * (MEGABYTE // 13),
    "slashes": "/" * MEGABYTE,
    "words": "Anita " * (MEGABYTE // 6),
    "digits": "1" * MEGABYTE,
    "digits of India": "१" * MEGABYTE,
    "keys": f"{STORED}\n" * (MEGABYTE // len(STORED)),
    "hexadecimal": "0123456789abcdef" * (MEGABYTE // 16),
    "quoted printable": "X-Amz-Date=3D=\n" * (MEGABYTE // 15),
    "json": "https:\\/\\/a\\u0026" * (MEGABYTE // 17),
    "s3": "s3://a/" + "b" * MEGABYTE,
    "invisible": "\u200b" * MEGABYTE,
}


@pytest.mark.parametrize("name", HARD)
def test_a_megabyte_of_anything_is_answered_in_a_moment(name: str) -> None:
    began = time.process_time()
    found = read(HARD[name])
    error_pages.read(HARD[name])
    autopsy.examine(HARD[name], RULES, now=NOW)
    assert time.process_time() - began < 1.0
    assert repr(found)


PIECES = st.sampled_from(
    [
        *(
            LINK,
            quote(LINK),
            "https://",
            "hxxps://",
            "<",
            ">",
            "&amp;",
            "%25",
            "%3F",
            "\0",
            "\ud800",
            "\n",
            " ",
            "(",
            "](",
        ),
        *(
            "<Error>",
            "<Code>",
            "&lt;",
            "?",
            "&",
            "=",
            "X-Amz-Signature=",
            "X-Amz-Expires=",
            "#",
            "[",
            "]",
            "@",
            ":99999",
        ),
        *(
            "s3://",
            "record ",
            "https://[",
            "edrspace.",
            "sgp1.example.com/",
            KEY,
            "AWSAccessKeyId=",
            "Expires=",
            "²",
            "१",
        ),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(st.characters(codec=None)), st.lists(st.one_of(PIECES, st.text(max_size=5))).map("".join)))
def test_no_text_raises_and_no_repr_shows_a_signature(text: str) -> None:
    for rules in (RULES, Rules("", "")):
        found = pasted.read(text, rules)
        seen = autopsy.examine(text, rules, now=NOW, endpoint_host="sgp1.example.com", region="sgp1")
        shown = repr((found, seen, mangled.mend(text), error_pages.read(text)))
        assert SIGNATURE not in shown
        if seen is not None:
            autopsy.why(seen)


def test_undone_is_a_closed_set_that_is_tested_whole() -> None:
    assert set(Undone) == set().union(*(undone for _, undone in wrecks.MENDABLE.values()))


@pytest.mark.parametrize("mark", ["?", "&", ";", " ", "%26", "%3F", "%253F"])
@pytest.mark.parametrize("place", ["https://sgp1.example.com/edrspace/", "s3://edrspace/", ""])
def test_a_signature_behind_a_lost_question_mark_is_no_part_of_the_key(mark: str, place: str) -> None:
    text = f"{place}{KEY}{mark}{LINK.partition('?')[2]}"
    assert read(text).key == KEY
    seen = autopsy.examine(text, RULES, now=NOW)
    assert seen is None or (seen.key, SIGNATURE in f"{seen.resolved}{seen.key_decoded_twice}") == (KEY, False)
