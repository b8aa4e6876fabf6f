"""What somebody typed or pasted, understood. Pure; ``search`` asks the records with it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers

from lib import keys
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

MAX_TEXT = 4096  # characters read from the search box; more is said, not hidden
MIN_KEY_PART = 3
MIN_PHONE_END, MAX_PHONE = 3, 15  # digits; E.164 allows 15
WHOLE_PHONE = 10  # digits from which a bare number is a phone first

# At most 18 digits fit a bigint, and 17 digits after a prefix of three fit varchar(20).
_NAMED = re.compile(
    r"(record|prescription|presc|rx|consultation|patient)\s*(?:id|number|no\.?)?[\s:#-]*(\d{1,17})", re.I
)
_ID = re.compile(r"(pat|usr|con)[\s:#_-]*(\d{1,17})", re.I)
_BARE = re.compile(r"#?\s*(\d+)")
_DOWNLOAD = re.compile(r"prescription_(\d{1,18})(?:_v\d+)?(?:\s*\(\d+\))?\.pdf", re.I)
_PHONE = re.compile(r"(?:(?:tel|phone|ph|mobile|mob|whatsapp)[\s:.]*)?(\(?\+?[\d\s().\u2010-\u2015-]+)", re.I)
_PHONE_END_SHOWN = re.compile(r"(?:…|\.{2,}|[*xX•]+)\s*(\d+)")  # as our own list shows it
_URL = re.compile(r"(?:https?|s3):/", re.I)
_URL_WITHIN = re.compile(r"https?://[^\s<>\"]+", re.I)
_SIGNED = re.compile(r"[?&](?:amp;)?(?:X-Amz-)?Signature=", re.I)
_KEY_PART = re.compile(r"[0-9a-f]{6,}(?:\.pdf)?", re.I)


class Kind(StrEnum):
    """What the text was taken for; ``wording`` says it ("Taken as a consultation number")."""

    EVERYTHING = "everything"
    PHONE = "phone"
    PHONE_END = "phone_end"
    PATIENT = "patient"
    CONSULTATION = "consultation"
    PRESCRIPTION = "prescription"
    RECORD = "record"
    KEY = "key"
    KEY_PART = "key_part"
    URL = "url"
    FOREIGN_URL = "foreign_url"  # a URL of another bucket or host: nothing is asked
    NAME = "name"
    TOO_SHORT = "too_short"  # one letter, two digits: nothing is asked
    HIDDEN = "hidden"  # what is left could only be a name or phone, which a masked scope may not ask for


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to take the text. ``term`` is None where nothing should be asked."""

    kind: Kind
    term: Term | None

    @property
    def is_id(self) -> bool:
        """Whether the text may stand in the URL: ids only, never a name, phone or key."""
        return self.kind in {Kind.PATIENT, Kind.CONSULTATION, Kind.PRESCRIPTION, Kind.RECORD}


def understand(text: str, *, rules: Rules, phone_region: str) -> tuple[Reading, ...]:
    """Return the readings to try in order; the first that finds anything is taken. Never empty, never raises.

    1. nothing typed: the newest records;
    2. a URL, by the key that it names;
    3. ``record 12``, ``prescription 12``, PAT…, CON…, the name of a file that we gave out;
    4. a number: a phone first from ten digits on, else prescription, consultation, patient, the end of a phone;
    5. a key, whole and then as a part;
    6. any part of a name.

    >>> rules = Rules("loc", "edrspace")
    >>> [reading.kind.value for reading in understand("153", rules=rules, phone_region="IN")]
    ['prescription', 'consultation', 'patient', 'phone_end']
    >>> understand("98765 43210", rules=rules, phone_region="IN")[0].term
    PhoneIs(e164='+919876543210')
    >>> understand("pat 7", rules=rules, phone_region="IN")[0].term
    PatientIs(ids=('PAT7', 'PAT007'))
    """
    # No database stores these two, and its driver raises when it is asked for them.
    cut = re.sub("[\0\ud800-\udfff]", "", text[:MAX_TEXT]).strip()
    if not text.strip():
        return (Reading(Kind.EVERYTHING, Everything()),)
    plain = _plain(cut)
    return (
        _address(cut, rules)
        or _within(cut, rules)
        or _named(plain)
        or _number(plain, region=phone_region)
        or _key(cut, plain, location=rules.location)
        or _name(cut)
    )


def stored_keys(key: str, *, location: str) -> tuple[str, ...]:
    """Return the stored strings that mean an object key or stored key: as it is, and without or with the location.

    >>> stored_keys("loc/a.pdf", location="loc"), stored_keys("a.pdf", location="loc")
    (('loc/a.pdf', 'a.pdf'), ('a.pdf', 'loc/a.pdf'))
    >>> stored_keys("a.pdf", location=""), stored_keys("loc/loc/a.pdf", location="loc")
    (('a.pdf',), ('loc/loc/a.pdf',))
    """
    resolved = keys.resolve(key, location=location)
    prefix = keys.resolve("", location=location)
    shorter = resolved.removeprefix(prefix)
    same = [key, resolved, shorter]
    return tuple(dict.fromkeys(each for each in same if each and keys.resolve(each, location=location) == resolved))


def _plain(text: str) -> str:
    """Return text as numbers and ids are read: ASCII digits, no invisible marks, single spaces, no comma at an end."""
    seen = (character for character in text if unicodedata.category(character) != "Cf")
    digits = (str(unicodedata.decimal(each)) if each.isdecimal() else each for each in seen)
    return " ".join("".join(digits).split()).strip(" ,;")


def _address(text: str, rules: Rules) -> tuple[Reading, ...]:
    key = keys.key_of_url(text, rules)
    if key is None:
        return (Reading(Kind.FOREIGN_URL, None),) if _URL.match(text) else ()
    # A row may also hold the address itself. A link that still opens is kept out of other people's statement logs.
    address = () if _SIGNED.search(text) else (text,)
    same = dict.fromkeys((*stored_keys(_storable(key), location=rules.location), *address))
    name = key.rpartition("/")[2]
    by_name = (Reading(Kind.KEY_PART, KeyContains(name)),) if _KEY_PART.fullmatch(name) and len(name) >= 32 else ()
    return (Reading(Kind.URL, KeyIs(tuple(same))), *by_name)


def _within(text: str, rules: Rules) -> tuple[Reading, ...]:
    """Take the address out of a message that was pasted whole, such as the one that we offer to copy."""
    if not re.search(r"\s|^<", text):
        return ()
    found = (re.sub(r"[.,;:!?)\]']+$", "", match[0]) for match in _URL_WITHIN.finditer(text))
    return next((readings for each in found if (readings := _address(each, rules)) and readings[0].term), ())


def _storable(key: str) -> str:
    return key.replace("\0", "")  # %00 in an address


def _named(plain: str) -> tuple[Reading, ...]:
    if match := _DOWNLOAD.fullmatch(plain):
        return (Reading(Kind.PRESCRIPTION, PrescriptionIs(int(match[1]))), Reading(Kind.KEY_PART, KeyContains(plain)))
    match = _NAMED.fullmatch(plain) or _ID.fullmatch(plain)
    if match is None:
        return ()
    word, digits = match[1].lower(), match[2]
    match word:
        case "record":
            return (Reading(Kind.RECORD, RecordIs(int(digits))),)
        case "con" | "consultation":
            return (Reading(Kind.CONSULTATION, ConsultationIs(_spellings("CON", digits))),)
        case "pat" | "patient" | "usr":
            return (Reading(Kind.PATIENT, PatientIs(_spellings("USR" if word == "usr" else "PAT", digits))),)
        case _:
            return (Reading(Kind.PRESCRIPTION, PrescriptionIs(int(digits))),)


def _spellings(prefix: str, digits: str) -> tuple[str, ...]:
    number = digits.lstrip("0") or "0"
    return tuple(dict.fromkeys(prefix + each for each in (digits, number, number.zfill(3))))


def _number(plain: str, *, region: str) -> tuple[Reading, ...]:
    bare = _BARE.fullmatch(plain)
    ids = _ids(bare[1]) if bare else ()
    if plain.startswith("#"):
        return ids
    phones = _phones(plain, region=region)
    if ids and phones and phones[0].term is None:  # 12 is too short for a phone, not for a prescription
        return ids
    is_phone_first = bool(phones) and phones[0].kind is Kind.PHONE
    return phones[:1] + ids + phones[1:] if is_phone_first else ids + phones


def _ids(digits: str) -> tuple[Reading, ...]:
    if len(digits.lstrip("0")) > 18:
        return ()
    prescription = Reading(Kind.PRESCRIPTION, PrescriptionIs(int(digits)))
    if len(digits) > 17:
        return (prescription,)
    consultation = Reading(Kind.CONSULTATION, ConsultationIs(_spellings("CON", digits)))
    return (prescription, consultation, Reading(Kind.PATIENT, PatientIs(_spellings("PAT", digits))))


def _phones(plain: str, *, region: str) -> tuple[Reading, ...]:
    if match := _PHONE_END_SHOWN.fullmatch(plain):
        return _phone_end(match[1])
    match = _PHONE.fullmatch(plain)
    digits = re.sub(r"\D", "", match[1]) if match else ""
    if not match or not digits:
        return ()
    is_international = match[1].lstrip("(").startswith(("+", "00"))
    if len(digits) < WHOLE_PHONE and not is_international:
        return _phone_end(digits)
    try:
        number = phonenumbers.parse(match[1], region)
    except phonenumbers.NumberParseException:
        return _phone_end(digits)
    if not phonenumbers.is_possible_number(number):
        return _phone_end(digits)
    whole = Reading(Kind.PHONE, PhoneIs(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)))
    # Of +1 98765 43210 the end is not tried: it would find a person of another country.
    return (whole,) if is_international else (whole, *_phone_end(phonenumbers.national_significant_number(number)))


def _phone_end(digits: str) -> tuple[Reading, ...]:
    if not MIN_PHONE_END <= len(digits) <= MAX_PHONE:
        return () if len(digits) > MAX_PHONE else (Reading(Kind.TOO_SHORT, None),)
    return (Reading(Kind.PHONE_END, PhoneEnds(digits)),)


def _key(text: str, plain: str, *, location: str) -> tuple[Reading, ...]:
    is_part = _KEY_PART.fullmatch(plain) is not None and any(character.isdigit() for character in plain)
    is_whole = "/" in text or "\\" in text or plain.lower().endswith(".pdf")
    if not (is_part or is_whole) or len(text) < MIN_KEY_PART:
        return ()
    part = Reading(Kind.KEY_PART, KeyContains(text))
    if is_part:
        return (part,)
    whole = Reading(Kind.KEY, KeyIs(stored_keys(text, location=location)))
    may_be_name = "/" in text and not text.lower().endswith(".pdf") and not any(each.isdigit() for each in text)
    return (whole, part, *_name(text)) if may_be_name else (whole, part)  # "Anita d/o Mohan"


def _name(text: str) -> tuple[Reading, ...]:
    name = unicodedata.normalize("NFC", " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", text).split()))
    if sum(not character.isspace() for character in name) < 2:
        return (Reading(Kind.TOO_SHORT, None),)
    return (Reading(Kind.NAME, NameContains(name)),)
