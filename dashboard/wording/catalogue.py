"""The words around a code: how much it matters, what it takes to see and mend it, and what a suggestion rests on."""

from __future__ import annotations

from lib.candidates import Evidence, Flag, Why
from lib.catalogue import About, Mend, Needs, Severity

SEVERITY = {
    Severity.CRITICAL: "Critical: harms a patient or shows their file to others",
    Severity.HIGH: "High: the PDF does not open",
    Severity.MEDIUM: "Medium: it opens for some",
    Severity.LOW: "Low: it opens; worth mending",
    Severity.NOTE: "Note: nothing is wrong",
    Severity.UNKNOWN: "Can't tell before storage answers",
}

ABOUT = {
    About.ROW: "the row",
    About.LINK: "the link, or another reader of the stored key",
    About.OBJECT: "the file in storage",
    About.BUCKET: "the storage as a whole",
}

NEEDS = {
    Needs.NOTHING: "the row alone",
    Needs.HEAD: "asking storage about the key",
    Needs.GET: "reading the first and the last KiB",
    Needs.LISTING: "a listing of the bucket",
    Needs.VERSIONS: "the versions that the bucket keeps",
    Needs.ANOTHER_RUN: "an earlier check of all files",
    Needs.NOT_SOUGHT: "not looked for; named when met",
}

MEND = {
    Mend.ROW: "Point the row at the right key",
    Mend.COPY: "Copy the file to the resolved key",
    Mend.OBJECT: "Change the object: its delete marker, headers or rights",
    Mend.SIGNER: "Correct the code or the settings that read the key",
    Mend.MAKE_AGAIN: "Make the PDF again, as a new version",
    Mend.HUMAN: "A person must look",
    Mend.NOTHING: "Nothing to mend",
}

EVIDENCE = {
    Evidence.PROVEN: "Proven: the content agrees with the record",
    Evidence.LIKELY: "Likely: the name is the only one of its kind",
    Evidence.POSSIBLE: "Possible: compare before you use it",
}

WHY = {
    Why.MD5_AGREES: "MD5 agrees with the record",
    Why.SIZE_AGREES: "size agrees with the record",
    Why.NAME_IS_UNIQUE: "no other file has this name",
    Why.SAME_CONSULTATION: "lies in the folder of the same consultation",
    Why.MD5_DIFFERS: "MD5 differs from the record",
    Why.SIZE_DIFFERS: "size differs from the record",
    Why.MD5_NOT_COMPARABLE: "MD5 not comparable (uploaded in parts or encrypted)",
}

FLAG = {
    Flag.OTHER_CONSULTATION: "lies in another consultation's folder",
    Flag.OTHER_ROW: "another record points at it",
    Flag.OTHER_CONTENT: "is another file by size or MD5",
    Flag.OTHER_PREFIX: "lies outside our folders, and is not proven",
}
