"""What the search box understands, as a table."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.keys import Rules
from lib.records import (
    ConsultationIs,
    Everything,
    KeyContains,
    KeyIs,
    NameContains,
    PatientIs,
    PhoneEnds,
    PhoneIs,
    PrescriptionIs,
    RecordIs,
    Term,
)
from lib.search import MAX_TEXT, Kind, Reading, understand

HEX = "0123456789abcdef0123456789abcdef"
STORED = f"prescriptions/pdfs/CON153/{HEX}.pdf"
RESOLVED = f"edrcontainer1/{STORED}"
HOST = "https://edrspace.sgp1.digitaloceanspaces.com"
RULES = Rules(
    location="edrcontainer1",
    bucket="edrspace",
    url_hosts=(
        "sgp1.digitaloceanspaces.com",
        "edrspace.sgp1.digitaloceanspaces.com",
        "edrspace.sgp1.cdn.digitaloceanspaces.com",
    ),
)
ASHA = PhoneIs("+919876543210")
ASHA_ENDS = PhoneEnds("9876543210")


def read(text: str) -> list[tuple[Kind, Term | None]]:
    return [(reading.kind, reading.term) for reading in understand(text, rules=RULES, phone_region="IN")]


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("98765 43210", ASHA, ASHA_ENDS),
        ("98765-43210", ASHA, ASHA_ENDS),
        ("(98765) 43210", ASHA, ASHA_ENDS),
        ("98765\u00a043210", ASHA, ASHA_ENDS),
        ("\u202a98765 43210\u202c", ASHA, ASHA_ENDS),  # as WhatsApp copies it
        ("09876543210", ASHA, None),
        ("919876543210", ASHA, None),
        ("phone: 98765 43210", ASHA, ASHA_ENDS),
        ("tel:+919876543210", ASHA, None),
        ("+91 98765 43210", ASHA, None),
        ("+919876543210", ASHA, None),
        ("0091 98765 43210", ASHA, None),
        ("९८७६५ ४३२१०", ASHA, ASHA_ENDS),
        ("+1 650 253 0000", PhoneIs("+16502530000"), None),
        ("43 210", PhoneEnds("43210"), None),
        ("…3210", PhoneEnds("3210"), None),
        ("...3210", PhoneEnds("3210"), None),
        ("xxxxx3210", PhoneEnds("3210"), None),
    ],
)
def test_a_phone_in_any_spelling(text: str, first: Term, second: Term | None) -> None:
    readings = read(text)
    assert readings[0] == (Kind.PHONE if isinstance(first, PhoneIs) else Kind.PHONE_END, first)
    if second is not None:
        assert readings[1:] == [(Kind.PHONE_END, second)]


def test_of_a_number_of_another_country_the_end_is_not_tried() -> None:
    assert read("+1 98765 43210") == [(Kind.PHONE, PhoneIs("+19876543210"))]


@pytest.mark.parametrize(
    ("text", "kind", "term"),
    [
        ("PAT007", Kind.PATIENT, PatientIs(("PAT007", "PAT7"))),
        ("PAT7", Kind.PATIENT, PatientIs(("PAT7", "PAT007"))),
        ("pat 7", Kind.PATIENT, PatientIs(("PAT7", "PAT007"))),
        ("Pat-0007,", Kind.PATIENT, PatientIs(("PAT0007", "PAT7", "PAT007"))),
        ("patient 12", Kind.PATIENT, PatientIs(("PAT12", "PAT012"))),
        ("usr1234", Kind.PATIENT, PatientIs(("USR1234",))),
        ("CON153", Kind.CONSULTATION, ConsultationIs(("CON153",))),
        (" con 0153\n", Kind.CONSULTATION, ConsultationIs(("CON0153", "CON153"))),
        ("consultation no. 5", Kind.CONSULTATION, ConsultationIs(("CON5", "CON005"))),
        ("prescription 123", Kind.PRESCRIPTION, PrescriptionIs(123)),
        ("Prescription #0123", Kind.PRESCRIPTION, PrescriptionIs(123)),
        ("rx: 123", Kind.PRESCRIPTION, PrescriptionIs(123)),
        ("record 123", Kind.RECORD, RecordIs(123)),
        ("Record number 123", Kind.RECORD, RecordIs(123)),
    ],
)
def test_a_named_number_has_one_reading(text: str, kind: Kind, term: Term) -> None:
    assert read(text) == [(kind, term)]


def test_a_bare_number_is_tried_as_prescription_consultation_patient_and_end_of_a_phone() -> None:
    assert read("153") == [
        (Kind.PRESCRIPTION, PrescriptionIs(153)),
        (Kind.CONSULTATION, ConsultationIs(("CON153",))),
        (Kind.PATIENT, PatientIs(("PAT153",))),
        (Kind.PHONE_END, PhoneEnds("153")),
    ]


def test_two_digits_are_an_id_but_no_end_of_a_phone() -> None:
    assert read("07") == [
        (Kind.PRESCRIPTION, PrescriptionIs(7)),
        (Kind.CONSULTATION, ConsultationIs(("CON07", "CON7", "CON007"))),
        (Kind.PATIENT, PatientIs(("PAT07", "PAT7", "PAT007"))),
    ]


def test_a_bare_number_of_ten_digits_is_a_phone_first() -> None:
    assert [kind for kind, _term in read("9876543210")] == [
        Kind.PHONE,
        Kind.PRESCRIPTION,
        Kind.CONSULTATION,
        Kind.PATIENT,
        Kind.PHONE_END,
    ]


def test_a_number_sign_means_an_id_and_no_phone() -> None:
    assert [kind for kind, _term in read("#153")] == [Kind.PRESCRIPTION, Kind.CONSULTATION, Kind.PATIENT]


@pytest.mark.parametrize("digits", [18, 19, 30, 4000])
def test_a_number_that_no_column_can_hold_is_not_asked_for(digits: int) -> None:
    for _kind, term in read("9" * digits):
        assert not isinstance(term, PrescriptionIs) or term.prescription_id < 2**63
        assert not isinstance(term, PatientIs | ConsultationIs)
        assert not isinstance(term, PhoneEnds)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (STORED, (STORED, RESOLVED)),
        (RESOLVED, (RESOLVED, STORED)),
        (f"/{STORED}", (f"/{STORED}", f"edrcontainer1//{STORED}")),
        ("edrcontainer1/edrcontainer1/a.pdf", ("edrcontainer1/edrcontainer1/a.pdf",)),
        ("a b.pdf", ("a b.pdf", "edrcontainer1/a b.pdf")),
        ("C:\\media\\a.pdf", ("C:\\media\\a.pdf", "edrcontainer1/C:\\media\\a.pdf")),
    ],
)
def test_a_key_is_tried_whole_in_each_spelling_that_means_the_same_object_then_as_a_part(
    text: str, stored: tuple[str, ...]
) -> None:
    assert read(text) == [(Kind.KEY, KeyIs(stored)), (Kind.KEY_PART, KeyContains(text))]


@pytest.mark.parametrize("text", [HEX, f"{HEX}.pdf", HEX[6:16], "89abcdef0123.pdf"])
def test_a_piece_of_a_file_name_is_part_of_a_key(text: str) -> None:
    assert read(text) == [(Kind.KEY_PART, KeyContains(text))]


@pytest.mark.parametrize("text", ["prescription_12.pdf", "prescription_12_v2.pdf", "prescription_12_v2 (1).pdf"])
def test_the_name_of_a_file_that_we_gave_out_is_its_prescription(text: str) -> None:
    assert read(text)[0] == (Kind.PRESCRIPTION, PrescriptionIs(12))


@pytest.mark.parametrize(
    "url",
    [
        f"{HOST}/{RESOLVED}",
        f"{HOST}/{RESOLVED}?versionId=1",
        f"https://sgp1.digitaloceanspaces.com/edrspace/{RESOLVED}",
        f"https://edrspace.sgp1.cdn.digitaloceanspaces.com/{RESOLVED}",
        f"s3://edrspace/{RESOLVED}",
        f"edrspace.sgp1.digitaloceanspaces.com/{RESOLVED}",
    ],
)
def test_a_url_of_the_object_finds_each_stored_key_that_means_it(url: str) -> None:
    assert read(url) == [
        (Kind.URL, KeyIs((RESOLVED, STORED, url))),
        (Kind.KEY_PART, KeyContains(f"{HEX}.pdf")),
    ]


def test_a_signed_link_finds_the_stored_keys_only() -> None:
    assert read(f"{HOST}/{RESOLVED}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=abc") == [
        (Kind.URL, KeyIs((RESOLVED, STORED))),
        (Kind.KEY_PART, KeyContains(f"{HEX}.pdf")),
    ]


def test_the_url_of_the_founding_failure_finds_the_row_it_was_made_from() -> None:
    kind, term = read(f"{HOST}/{STORED}?X-Amz-Signature=abc")[0]
    assert kind is Kind.URL
    assert isinstance(term, KeyIs)
    assert STORED in term.stored_keys


@pytest.mark.parametrize(
    "url",
    [
        f"https://other.sgp1.digitaloceanspaces.com/{RESOLVED}",
        f"https://sgp1.digitaloceanspaces.com/other/{RESOLVED}",
        "https://example.com/a.pdf",
        "s3://other/a.pdf",
        "http://[",
        "https://",
    ],
)
def test_a_url_of_somebody_elses_bucket_asks_nothing(url: str) -> None:
    assert read(url) == [(Kind.FOREIGN_URL, None)]


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("Asha", "Asha"),
        ("  asha   ex  ", "asha ex"),
        ("मीरा", "मीरा"),
        ("Ünal", "Ünal"),
        ("U\u0308nal", "Ünal"),
        ("李明", "李明"),
        ("O'Neil", "O'Neil"),
        ("Dr. Rao", "Dr. Rao"),
        ("Pat", "Pat"),
        ("Patel", "Patel"),
        ("Record", "Record"),
        ("Deedee", "Deedee"),  # hex letters only
        ("asha@example.com", "asha@example.com"),
        ("As\tha\x1b[0m", "As ha [0m"),
        ("100%", "100%"),
        ("=cmd|' calc", "=cmd|' calc"),
        ("<b>Asha</b>", "<b>Asha</b>"),
    ],
)
def test_anything_else_is_part_of_a_name(text: str, fragment: str) -> None:
    assert read(text)[-1] == (Kind.NAME, NameContains(fragment))


def test_a_name_with_a_slash_is_tried_as_a_name_too() -> None:
    assert read("Anita d/o Mohan")[-1] == (Kind.NAME, NameContains("Anita d/o Mohan"))


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_nothing_typed_is_the_newest_records(text: str) -> None:
    assert read(text) == [(Kind.EVERYTHING, Everything())]


@pytest.mark.parametrize("text", ["a", "म", "\0", "\ud800", "%", "9 8", "+9", "\x1b"])
def test_too_short_a_text_asks_nothing(text: str) -> None:
    assert read(text) == [(Kind.TOO_SHORT, None)]


def test_a_text_of_100_kb_is_cut() -> None:
    assert read("A" * 100_000) == [(Kind.NAME, NameContains("A" * MAX_TEXT))]


PIECES = st.sampled_from(
    [
        *("PAT", "CON", "record ", "+91", "9876543210", "0", "३", "²", "/", "\\", ".pdf", "http:/", "s3://", "[", "#"),
        *(
            f"{HOST}/",
            "%00",
            "%ff",
            "\ud800",
            "\u202e",
            "\n",
            " ",
            "…",
            "edrcontainer1/",
            "a",
            "म",
            "(",
            ")",
            "-",
            "\0",
        ),
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=10).map("".join) | st.text(max_size=60))
def test_no_text_raises_and_no_term_holds_what_a_database_refuses(text: str) -> None:
    readings = understand(text, rules=RULES, phone_region="IN")
    assert readings
    for reading in readings:
        asked = repr(reading.term)
        assert "\\x00" not in asked
        assert "\\ud800" not in asked
        match reading.term:
            case PrescriptionIs(number) | RecordIs(number):
                assert 0 <= number < 2**63
            case PhoneEnds(digits):
                assert digits.isascii()
                assert 3 <= len(digits) <= 15
            case PatientIs(ids) | ConsultationIs(ids):
                assert all(len(each) <= 20 for each in ids)
            case KeyContains(fragment) | NameContains(fragment):
                assert len(fragment) >= 2
            case KeyIs(stored):
                assert all(stored)
            case _:
                pass


@pytest.mark.parametrize("kind", list(Kind))
def test_only_ids_may_stand_in_the_address(kind: Kind) -> None:
    expected = kind in {Kind.PATIENT, Kind.CONSULTATION, Kind.PRESCRIPTION, Kind.RECORD}
    assert Reading(kind, None).is_id is expected


ADDRESS = "https://edrspace.sgp1.example.com/edrcontainer1/a%20b.pdf"
OURS = Rules("edrcontainer1", "edrspace", url_hosts=("sgp1.example.com", "edrspace.sgp1.example.com"))


@pytest.mark.parametrize(
    "text",
    [
        f"Hello, here is your prescription:\n{ADDRESS}?X-Amz-Signature=51617c\nThe link works until today 6:00 pm.",
        f"<{ADDRESS}>",
        f"it says NoSuchKey ({ADDRESS}).",
        f"see https://evil.test/x.pdf and {ADDRESS}",
    ],
)
def test_an_address_is_found_in_a_message_that_was_pasted_whole(text: str) -> None:
    reading = understand(text, rules=OURS, phone_region="IN")[0]
    assert reading.kind is Kind.URL
    assert isinstance(reading.term, KeyIs)
    assert {"edrcontainer1/a b.pdf", "a b.pdf"} <= set(reading.term.stored_keys)


def test_a_link_that_still_opens_is_not_sent_to_the_clinics_database() -> None:
    for joint in ("?", "?X-Amz-Date=1&", "?X-Amz-Date=1&amp;"):
        text = f"{ADDRESS}{joint}X-Amz-Signature=51617c"
        assert "51617c" not in repr(understand(text, rules=OURS, phone_region="IN"))
    assert ADDRESS in repr(understand(ADDRESS, rules=OURS, phone_region="IN"))


@pytest.mark.parametrize("text", ["(+91) 98765 43210", "(+91)98765-43210", "+91 (98765) 43210"])
def test_a_country_code_in_brackets_is_part_of_a_phone(text: str) -> None:
    assert understand(text, rules=OURS, phone_region="IN")[0].term == PhoneIs("+919876543210")
