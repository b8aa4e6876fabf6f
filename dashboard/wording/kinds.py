"""What each kind of finding is called, what it means, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lib.findings import Kind


@dataclass(frozen=True, slots=True)
class KindWords:
    """``title`` fits in a table; ``means`` says what it is and what follows from it; ``then`` what to do next."""

    title: str
    means: str
    then: str


KIND: Mapping[Kind, KindWords] = MappingProxyType(
    {
        Kind.DANGLING_REFERENCE: KindWords(
            "Missing file",
            "The record names a file, and nothing lies at its resolved key: its link answers NoSuchKey.",
            "Where a suggestion is proven, take the mend plan; else ask the doctor to make the PDF again.",
        ),
        Kind.UNREFERENCED_OBJECT: KindWords(
            "Unreferenced file",
            "A file lies where only prescription PDFs lie, and no record points at it.",
            "Look whether it is the suggestion of a missing file. Delete nothing before that is settled.",
        ),
        Kind.SIZE_DIFFERS: KindWords(
            "Wrong size",
            "The file's size is not the one in its record, so another or a cut file lies there.",
            "Do not share it. Open the record and look inside the file; else ask for the PDF to be made again.",
        ),
        Kind.CHECKSUM_DIFFERS: KindWords(
            "Wrong checksum",
            "The size agrees and the MD5 does not: the file was replaced after its record was written.",
            "Do not share it. Compare it with the suggestions and the older versions in storage.",
        ),
        Kind.EMPTY_OBJECT: KindWords(
            "Empty file",
            "The file has no bytes: its upload broke off, or sent what was already read.",
            "Ask the doctor to make the PDF again, or bring an older version in storage back.",
        ),
        Kind.SHARED_OBJECT: KindWords(
            "One file, several records",
            "Several records point at one file. Where they are of two patients, one sees the other's PDF.",
            "Do not share it. Open the PDF, see whose it is, and make the other one again.",
        ),
        Kind.CONSULTATION_DIFFERS: KindWords(
            "Another consultation's folder",
            "The key names another consultation than the record, so it may be another patient's PDF.",
            "Do not share it. A person has to read the PDF and say whose it is.",
        ),
        Kind.VERSION_STATE: KindWords(
            "Versions in disorder",
            "Of one prescription no version is current, or several are, or a number is left out.",
            "See which version is right and mark that one alone as current in the clinic's own application.",
        ),
        Kind.RESOLVERS_DISAGREE: KindWords(
            "Two rules, two keys",
            "The PDF opens, but the backend's storage would look for it under another key than its signer.",
            "Nothing today. Store such names without the location, so that both rules agree.",
        ),
        Kind.UNRESOLVABLE_KEY: KindWords(
            "No usable key",
            "The stored key is empty, too long, or one that no storage can hold: there is nothing to ask for.",
            "Where a suggestion is proven, take the mend plan; else ask the doctor to make the PDF again.",
        ),
        Kind.WRONG_CONTENT_TYPE: KindWords(
            "Wrong content type",
            "Storage calls the file something else than a PDF, so browsers save it or show signs instead.",
            "Make links with the dashboard: they name the right type. Upload with Content-Type application/pdf.",
        ),
        Kind.PUBLICLY_READABLE: KindWords(
            "Opens for anyone",
            "Files open for everybody who knows their address, also without a signed link.",
            "Upload as private, set the files that are there to private, and let signed links be the only way in.",
        ),
        Kind.UNDETERMINED: KindWords(
            "Can't check",
            "Storage did not say whether the file is there, or who can read the files. That is no sign that it is missing, "
            "and none that they are closed.",
            "See the Setup check for what the credentials may do, then check all files again.",
        ),
    }
)
