"""An S3 server that is never the bottleneck: ``python -m tests.bench.canned_s3 --keys 1000000``.

It serves one bucket, ``bkt``, whose listing lies ready in a file: every entry has the same width, so that a page is a
slice of the file and any place in it is found by bisection. It checks no signature. What it holds follows from its
``Space`` alone, and ``rows`` yields what a database would know of the same files.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import mmap
import re
import socket
import subprocess
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import overload
from urllib.parse import parse_qs, unquote, urlsplit

BUCKET = "bkt"
LOCATION = "edrcontainer1"
FOLDER = f"{LOCATION}/prescriptions/pdfs/CON"
FILES_A_CONSULTATION = 4
ENTRY = (
    b"<Contents><Key>%s</Key><LastModified>2026-11-24T08:00:00.000Z</LastModified><ETag>&quot;%s&quot;</ETag>"
    b"<Size>%06d</Size><StorageClass>STANDARD</StorageClass></Contents>"
)
KEY_AT = len(b"<Contents><Key>")
SMALLEST_BYTES, LARGEST_BYTES = 100_000, 999_998  # six digits each
SEND_BYTES = 1 << 20  # more than a page, so that one call sends it
COMMON = "Server: canned\r\nx-amz-request-id: tx0-canned\r\n"

Known = tuple[bytes, bytes, int]  # key, MD5, size


@dataclass(frozen=True, slots=True)
class Space:
    """What is served: ``keys`` rows, of which some have no object, some an object of another size, and objects of no row."""

    keys: int = 1_000_000
    seed: int = 1
    dangling: int = 0
    unreferenced: int = 0
    altered: int = 0

    def is_dangling(self, number: int) -> bool:
        """Whether the row of this number has no object."""
        return _is_chosen(number, 0, self.dangling, self.keys)

    def is_altered(self, number: int) -> bool:
        """Whether its object has another size than the row says."""
        return _is_chosen(number, 1, self.altered, self.keys)

    def has_stray(self, number: int) -> bool:
        """Whether an object that no row knows follows it."""
        return _is_chosen(number, 2, self.unreferenced, self.keys)


def _is_chosen(number: int, offset: int, wanted: int, keys: int) -> bool:
    """Spread ``wanted`` numbers, a third of the keys at most, evenly; no number is chosen for two offsets."""
    if not wanted or number % 3 != offset:
        return False
    step = keys // 3 // wanted
    return number // 3 % step == 0 and number // 3 // step < wanted


def rows(space: Space) -> Iterator[Known]:
    """Yield what the database knows, ascending by key."""
    for first in range(0, space.keys, FILES_A_CONSULTATION):
        numbers = range(first, min(first + FILES_A_CONSULTATION, space.keys))
        for name in sorted(_hex(f"{space.seed}/{number}") for number in numbers):
            yield _known(first // FILES_A_CONSULTATION, name)


def objects(space: Space) -> Iterator[Known]:
    """Yield what the bucket holds, ascending by key."""
    for number, (key, md5, size) in enumerate(rows(space)):
        if not space.is_dangling(number):
            yield key, md5, size + space.is_altered(number)
        if space.has_stray(number):
            name = f"{(int(key[-36:-4], 16) + 1) % (1 << 128):032x}".encode()
            yield key[:-36] + name + b".pdf", _hex(name.decode()).encode(), size


def _known(consultation: int, name: str) -> Known:
    md5 = _hex(name)
    size = SMALLEST_BYTES + int(md5[:8], 16) % (LARGEST_BYTES - SMALLEST_BYTES)
    return f"{FOLDER}{consultation:07d}/{name}.pdf".encode(), md5.encode(), size


def _hex(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def build(space: Space, path: Path) -> None:
    """Write the listing of a space."""
    with path.open("wb") as file:
        file.writelines(ENTRY % known for known in objects(space))


class _Keys(Sequence[bytes]):
    """The keys of a listing, in its file."""

    def __init__(self, listing: mmap.mmap) -> None:
        self.width = listing.find(b"</Contents>") + len(b"</Contents>")
        self._length = listing.find(b"</Key>") - KEY_AT
        self._listing = listing

    def __len__(self) -> int:
        return len(self._listing) // self.width

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if place >= len(self):
            raise IndexError
        start = place * self.width + KEY_AT
        return self._listing[start : start + self._length]


class _Bucket:
    """Answers requests out of a listing's file."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._listing = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._view = memoryview(self._listing)
        self._keys = _Keys(self._listing)

    def answer(self, first: str, asked_range: str) -> list[bytes | memoryview]:
        """Return the parts of an answer to a request's first line."""
        method, target, _ = first.split(" ", 2)
        parts = urlsplit(target)
        _, bucket, *key = unquote(parts.path).split("/", 2)
        if bucket != BUCKET:
            return _error("NoSuchBucket", method)
        if any(key):
            return self._object(method, key[0].encode(), asked_range)
        asked = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        if "versioning" in asked:
            return _xml(b"<VersioningConfiguration/>")
        if "uploads" in asked:
            return _xml(
                b"<ListMultipartUploadsResult><Bucket>%s</Bucket><IsTruncated>false</IsTruncated>"
                b"</ListMultipartUploadsResult>" % BUCKET.encode()
            )
        head, entries, tail = self._page(asked)
        length = len(head) + len(entries) + len(tail)
        return [_head("200 OK", length, "application/xml"), head, entries, tail]

    def _page(self, asked: dict[str, str]) -> tuple[bytes, memoryview, bytes]:
        prefix, after = asked.get("prefix", "").encode(), asked.get("start-after", "").encode()
        token = asked.get("continuation-token", "")
        start = int(token.removeprefix("at-")) if token else bisect_right(self._keys, after) if after else 0
        stop = len(self._keys)
        if prefix:
            start = max(bisect_left(self._keys, prefix), start)
            # What begins with the prefix ends before the first key that is above all of it.
            stop = max(bisect_left(self._keys, prefix + b"\xff", lo=start), start)
        most = min(int(asked.get("max-keys", "1000")), 1000)
        end = min(start + most, stop)
        is_cut = start < end < stop
        encoding = b"<EncodingType>url</EncodingType>" if asked.get("encoding-type") == "url" else b""
        more = b"<NextContinuationToken>at-%d</NextContinuationToken>" % end if is_cut else b""
        head = (
            b'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            b"<Name>%s</Name><Prefix>%s</Prefix>%s<KeyCount>%d</KeyCount><MaxKeys>%d</MaxKeys>%s"
            b"<IsTruncated>%s</IsTruncated>"
        ) % (BUCKET.encode(), prefix, more, end - start, most, encoding, b"true" if is_cut else b"false")
        entries = self._view[start * self._keys.width : end * self._keys.width]
        return head, entries, b"</ListBucketResult>"

    def _object(self, method: str, key: bytes, asked_range: str) -> list[bytes | memoryview]:
        place = bisect_left(self._keys, key)
        if place == len(self._keys) or self._keys[place] != key:
            return _error("NoSuchKey", method)
        entry = self._listing[place * self._keys.width : (place + 1) * self._keys.width]
        md5, size = re.findall(rb"&quot;(\w+)&quot;</ETag><Size>(\d+)", entry)[0]
        extra = f'ETag: "{md5.decode()}"\r\nLast-Modified: Tue, 24 Nov 2026 08:00:00 GMT\r\n'
        span, status = range(int(size)), "200 OK"
        if wanted := re.fullmatch(r"bytes=(\d+)-(\d*)", asked_range):
            span, status = span[int(wanted[1]) : int(wanted[2] or size) + 1], "206 Partial Content"
            extra += f"Content-Range: bytes {span.start}-{span.stop - 1}/{int(size)}\r\n"
        head = _head(status, len(span), "application/pdf", extra)
        return [head] if method == "HEAD" else [head, b"%PDF".ljust(int(size), b"x")[span.start : span.stop]]


def _head(status: str, length: int, content_type: str, extra: str = "") -> bytes:
    lines = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n{COMMON}{extra}\r\n"
    return lines.encode()


def _xml(body: bytes) -> list[bytes | memoryview]:
    return [_head("200 OK", len(body), "application/xml"), body]


def _error(code: str, method: str) -> list[bytes | memoryview]:
    body = f"<Error><Code>{code}</Code><Message></Message></Error>".encode()
    head = _head("404 Not Found", len(body), "application/xml")
    return [head] if method == "HEAD" else [head, body]


class _Talk(asyncio.Protocol):
    """One connection: each request is answered after the delay."""

    def __init__(self, bucket: _Bucket, delay_s: float) -> None:
        self._bucket, self._delay_s = bucket, delay_s
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)

    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            head, _, self._read = self._read.partition(b"\r\n\r\n")
            asyncio.get_running_loop().call_later(self._delay_s, self._answer, head.decode())

    def _answer(self, head: str) -> None:
        first, *lines = head.split("\r\n")
        asked_range = next((line[6:].strip() for line in lines if line[:6].lower() == "range:"), "")
        for part in self._bucket.answer(first, asked_range):
            self._transport.write(part)


@contextmanager
def serving(path: Path, *, delay_s: float = 0.0, port: int = 0) -> Iterator[str]:
    """Serve a built listing from a process of its own until the block ends; yield its address."""
    words = ["--listing", str(path), "--delay-ms", str(delay_s * 1000), "--port", str(port)]
    command = [sys.executable, "-m", "tests.bench.canned_s3", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def main() -> None:
    """Serve until killed; print the port."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listing", type=Path, help="a file; made where it is not there")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="before each answer")
    parser.add_argument("--port", type=int, default=0)
    for name, default in (("keys", 1_000_000), ("seed", 1), ("dangling", 0), ("unreferenced", 0), ("altered", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    told = parser.parse_args()
    with ExitStack() as stack:
        path = told.listing or Path(stack.enter_context(TemporaryDirectory())) / "listing.xml"
        if not path.exists():
            build(Space(told.keys, told.seed, told.dangling, told.unreferenced, told.altered), path)
        asyncio.run(_serve(_Bucket(path), told.delay_ms / 1000, told.port))


async def _serve(bucket: _Bucket, delay_s: float, port: int) -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: _Talk(bucket, delay_s), "127.0.0.1", port, backlog=256
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    main()
