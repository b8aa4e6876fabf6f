"""A bucket's pages in memory, for tests and without S3."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lib.bucket_pages import ListingBroken, ObjectPage
from lib.row_lines import escaped, key_of


@dataclass(frozen=True, slots=True)
class MemoryObject:
    """What a listing says of one object."""

    size_bytes: int
    etag: str
    modified: datetime


@dataclass(slots=True)
class MemoryPages:
    """A BucketPages over a dict that may change between two pages. ``before_page`` may raise or change it."""

    objects: dict[bytes, MemoryObject]
    page_size: int = 1000
    before_page: Callable[[bytes], None] = lambda _after: None
    asked: list[bytes] = field(default_factory=list)  # what each page began behind

    def pages(self, *, prefix: bytes = b"", after: bytes = b"", until: bytes | None = None) -> Iterator[ObjectPage]:
        """Yield the objects below ``prefix``, above ``after`` and not above ``until``."""
        while True:
            self.asked.append(after)
            try:
                self.before_page(after)
            except ListingBroken as error:
                raise ListingBroken(error.doubt, reached=after or None, requests=1) from error
            keys = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
            some, is_last = keys[: self.page_size], len(keys) <= self.page_size
            if until is not None and some and some[-1] >= until:
                some, is_last = [key for key in some if key <= until], True
            reached = None if is_last else some[-1]
            yield _page({key: self.objects[key] for key in some}, reached)
            if reached is None:
                return
            after = reached


def _page(objects: Mapping[bytes, MemoryObject], reached: bytes | None) -> ObjectPage:
    lines = [b"%b\t%b\t%d" % (escaped(key), each.etag.encode(), each.size_bytes) for key, each in objects.items()]
    return ObjectPage(lines, list(objects), reached, 1, lambda line: objects[key_of(line)].modified)
