"""The objects that lie in the demo's bucket, and how they travel to the process that serves them.

Light, because both processes import it: the parent need not wait for moto, nor the child for the PDF writer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import IO, Any


@dataclass(frozen=True, slots=True)
class Options:
    """What the guard serves, and to whom."""

    bucket: str
    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True, slots=True)
class Seed:
    """An object that lies in the bucket from the start; ``guarded_s3.SeedObject`` without moto."""

    key: str
    body: bytes
    is_public: bool = False
    content_type: str = "application/pdf"
    is_multipart: bool = False


def send(options: Options, seeds: Iterable[Seed], *, to: IO[bytes]) -> None:
    """Write options and objects; raise BrokenPipeError when the child has gone."""
    _send_line(asdict(options), to)
    for seed in seeds:
        about = asdict(seed)
        body = about.pop("body")
        _send_line(about | {"size_bytes": len(body)}, to)
        to.write(body)
    _send_line({}, to)
    to.flush()


def _send_line(about: dict[str, object], to: IO[bytes]) -> None:
    to.write(json.dumps(about).encode("ascii") + b"\n")


def receive_options(stream: IO[bytes]) -> Options:
    """Read what ``send`` wrote first; raise EOFError when the parent has gone."""
    return Options(**_receive_line(stream))


def receive_seeds(stream: IO[bytes]) -> Iterator[Seed]:
    """Read what ``send`` wrote after the options; raise EOFError when the parent has gone."""
    while about := _receive_line(stream):
        size_bytes = about.pop("size_bytes")
        body = stream.read(size_bytes)
        if len(body) != size_bytes:
            raise EOFError
        yield Seed(body=body, **about)


def _receive_line(stream: IO[bytes]) -> dict[str, Any]:
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    about = json.loads(line)
    assert isinstance(about, dict)
    return about
