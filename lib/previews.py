"""Showing a PDF on screen: fetched by the server, size-capped, and in the trail before the first byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lib.access import Actor, Scope
from lib.links import Refused
from lib.records import Record

if TYPE_CHECKING:
    from lib.services import Services

MAX_PREVIEW_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Preview:
    """The bytes of one PDF."""

    record_id: int
    body: bytes


def open_pdf(actor: Actor, scope: Scope, *, services: Services, record: Record) -> Preview | Refused:
    """Re-authorise, write the intent, read the bytes, write the outcome."""
    raise NotImplementedError
