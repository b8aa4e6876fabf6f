"""Grows the planted clinic to a size."""

from __future__ import annotations

from datetime import datetime

from lib.catalogue import Code
from tests.parts import planted_faults, planted_quiet
from tests.parts.broken_keys import BUCKET
from tests.parts.planted import Garden, Planted


def grow(objects: int, *, seed: int, now: datetime, bucket: str = BUCKET) -> Planted:
    """Return a clinic with so many objects (600 at least). Instants are counted back from ``now``."""
    garden = Garden(seed=seed, now=now, bucket=bucket)
    times = max(2, objects // 1000)
    planted_quiet.plant_all(garden, times=times)
    planted_faults.plant_all(garden, times=times)
    assert len(garden.objects) <= objects, len(garden.objects)
    planted_quiet.healthy(garden, count=objects - len(garden.objects))
    return garden.grown()


def grow_healthy(objects: int, *, seed: int, now: datetime, bucket: str = BUCKET) -> Planted:
    """Return a clinic in which nothing is wrong: so many rows, and the file of each."""
    garden = Garden(seed=seed, now=now, bucket=bucket)
    planted_quiet.healthy(garden, count=objects)
    return garden.grown()


def grow_few(objects: int, *, seed: int, now: datetime, bucket: str = BUCKET) -> Planted:
    """Return a clinic of which few rows are broken, for runs that shall take no time (300 objects at least)."""
    garden = Garden(seed=seed, now=now, bucket=bucket)
    planted_quiet.plant_all(garden, times=1)
    for code in (Code.LOCATION_OLD, Code.LOCATION_NONE_AT_ROOT, Code.WHITESPACE):
        planted_faults.mistake(garden, code)
    for plant in (planted_faults.nowhere, planted_faults.not_as_written, planted_faults.shared, planted_faults.lone):
        plant(garden)
    planted_faults.versions(garden)
    planted_quiet.healthy(garden, count=objects - len(garden.objects))
    return garden.grown()
