"""The two rules about keys against the real django-storages, on many made-up names and locations.

``python -m tests.bench.keys --examples 200000 --seed 1`` prints the seed and what was found; exit 1 on a disagreement.
The suite runs ``campaign`` with fewer.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass

import django.conf
from django.core.exceptions import SuspiciousOperation
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from lib import keys
from lib.keys import Rules

PIECES = (
    *(
        "a",
        "b.pdf",
        "prescriptions/pdfs/CON153/",
        "/",
        "//",
        "///",
        "./",
        "../",
        ".",
        "..",
        "...",
        "\\",
        "\\\\",
        "/.",
        "/..",
    ),
    *("loc", "loc/", "loc0/", "lo", "/loc/", "LOC/", "a/b/", "a/b", "media/", "edrspace/"),
    *(
        "https://h/",
        "http:/h/",
        "s3://edrspace/",
        "file:///",
        "C:\\",
        "~",
        "~/",
        "%2F",
        "%20",
        "+",
        "?x=1&y=2",
        "#",
        ";",
        ":",
    ),
    *(" ", "\t", "\n", "\r", "\0", "\x1f", "\x7f", "\u00a0", "\u200b", "\u202e", "\ufeff", "\u2028"),
    *(
        "\u00e9",
        "e\u0301",
        "\u0928\u0941",
        "\U0001f48a",
        "\ud800",
        "\udfff",
        "\uff0f",
        "\u2215",
        "None",
        "null",
        "x" * 300,
    ),
)
LOCATIONS = (
    *("", "/", "loc", "loc/", "/loc", "//loc//", "lo", "loc0", "a/b", "a/b/", "a//b", "./loc", "loc/..", ".", ".."),
    *("\u00e9", "a b", "edrspace", "x" * 1100, "loc/loc"),
)


@dataclass(frozen=True, slots=True)
class Campaign:
    """What a run saw."""

    examples: int
    refused: int  # names that the storage refuses
    disagreeing: int  # signer and storage name two objects
    impossible: int  # no request can be made for it
    faults: tuple[str, ...]


def campaign(*, examples: int, seed: int) -> Campaign:
    """Compare every rule with its oracle on random names; the same seed gives the same names."""
    if not django.conf.settings.configured:
        django.conf.settings.configure()
    rng = random.Random(seed)
    storages = {each: S3Storage(location=each.lstrip("/"), bucket_name="edrspace") for each in LOCATIONS}
    seen: Counter[str] = Counter()
    faults: list[str] = []
    for _ in range(examples):
        name, location = _name(rng), rng.choice(LOCATIONS)
        fault = _fault(name, location, storages[location], seen)
        if fault is not None:
            faults.append(f"{fault}: {name!a} in {location!a}")
    return Campaign(examples, seen["refused"], seen["disagreeing"], seen["impossible"], tuple(faults))


def _name(rng: random.Random) -> str:
    if rng.random() < 0.2:
        return "".join(chr(rng.choice((rng.randrange(128), rng.randrange(0x110000)))) for _ in range(rng.randrange(12)))
    return "".join(rng.choices(PIECES, k=rng.randrange(9)))


def _fault(name: str, location: str, storage: S3Storage, seen: Counter[str]) -> str | None:
    try:
        expected: str | None = storage._normalize_name(clean_name(name))
    except SuspiciousOperation:
        expected = None
        seen["refused"] += 1
    if keys.written(name, location=location) != expected:
        return f"written is not {expected!a}"
    resolved = keys.resolve(name, location=location)
    if resolved != _signer(name, location):
        return "resolved is not the signer's"
    if keys.resolve(resolved, location=location) != resolved:
        return "resolve is not idempotent"
    described = keys.describe(name, Rules(location.strip("/"), "edrspace"))
    seen["disagreeing"] += not described.agree
    seen["impossible"] += keys.impossible(resolved)
    return None if described.agree == (resolved == expected) else "agree lies"


def _signer(name: str, location: str) -> str:
    """The backend's ``generate_signed_url``, written down once more in its own words."""
    prefix = location.strip("/") + "/"
    if prefix == "/":
        return name
    return name if name[: len(prefix)] == prefix else prefix + name


def main() -> None:
    """Run one campaign from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=20_261_124)
    asked = parser.parse_args()
    began = time.monotonic()
    found = campaign(examples=asked.examples, seed=asked.seed)
    print(
        f"seed {asked.seed}: {found.examples:,} names in {time.monotonic() - began:.0f} s; the storage refuses "
        f"{found.refused:,}, the rules disagree on {found.disagreeing:,}, {found.impossible:,} are no possible key; "
        f"faults: {len(found.faults)}"
    )
    for fault in found.faults[:20]:
        print(fault)
    sys.exit(bool(found.faults))


if __name__ == "__main__":
    main()
