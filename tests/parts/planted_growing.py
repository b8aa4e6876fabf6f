"""Grows the planted clinic to a size."""

from __future__ import annotations

from datetime import datetime

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
