"""One page of ListObjectsV2, read by a real XML parser: for the pages that are not written as usual. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

HEAD = ("Name", "IsTruncated", "KeyCount", "NextContinuationToken", "EncodingType")
ROW = ("Key", "ETag", "Size", "LastModified")

# What Ceph writes as it was asked, also where no XML may hold it.
_ECHOES = re.compile(
    rb"<(Prefix|StartAfter|ContinuationToken|NextContinuationToken)>([^<]*[\x00-\x1f\x7f\xef&][^<]*)</\1>"
)


class NotAListing(ValueError):
    """An answer that is no page of a listing, or not a whole one, or one that contradicts itself."""


@dataclass(slots=True)
class RawPage:
    """The texts of a page, references resolved, nothing decoded further."""

    head: dict[str, str] = field(default_factory=dict)
    rows: list[dict[str, str]] = field(default_factory=list)


def read(body: bytes) -> RawPage:
    """Return the texts of a page; raise NotAListing."""
    try:
        return _read(body)
    except expat.ExpatError:
        readable = _ECHOES.sub(rb"<\1> </\1>", body)
        try:
            return _read(readable)
        except expat.ExpatError as error:
            raise NotAListing from error


def _read(body: bytes) -> RawPage:
    page, path, text = RawPage(), list[str](), list[str]()

    def start(name: str, _: dict[str, str]) -> None:
        path.append(name.rpartition(" ")[2])
        text.clear()
        if len(path) == 1 and path != ["ListBucketResult"]:
            raise NotAListing
        if path[1:] == ["Contents"]:
            page.rows.append({})

    def end(_: str) -> None:
        name = path.pop()
        if path == ["ListBucketResult"] and name in HEAD:
            _keep(page.head, name, "".join(text))
        elif path == ["ListBucketResult", "Contents"] and name in ROW:
            _keep(page.rows[-1], name, "".join(text))
        text.clear()

    def refuse(*_: object) -> None:
        raise NotAListing  # a listing has no document type, and so no entities that could grow

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text.append, refuse
    parser.Parse(body, True)
    return page


def _keep(texts: dict[str, str], name: str, text: str) -> None:
    if name in texts:
        raise NotAListing
    texts[name] = text
