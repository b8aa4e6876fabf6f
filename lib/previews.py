"""Showing a PDF on screen: fetched by the server, size-capped, and in the trail before the first byte."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lib import authority, documents, elsewhere, link_check
from lib.access import Actor, Permission, Scope
from lib.diagnosis import size_of
from lib.documents import Document
from lib.objects import ObjectUnavailable
from lib.records import Record
from lib.refusals import RefusalCode, Refused
from lib.trail import Action, Subject

if TYPE_CHECKING:
    from lib.services import Services

MAX_PREVIEW_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Preview:
    """The bytes of one PDF."""

    record_id: int
    body: bytes
    is_elsewhere: bool = False  # the file is in the wrong place, and proven to be the right one

    def __repr__(self) -> str:
        return f"Preview(record_id={self.record_id}, {len(self.body)} bytes)"


def open_pdf(actor: Actor, scope: Scope, *, services: Services, record: Record) -> Preview | Refused:
    """Re-authorise, write the intent, read the bytes, write the outcome. Drafts and replaced versions may be seen.

    Where the row's own object is absent, the one that is proven to be the right one is shown.

    Touches both databases and the bucket; raises NotAllowed and DatabaseUnavailable.
    """
    unseen = Subject(record_id=record.record_id)
    scope = authority.require(actor, scope, Permission.PREVIEW, services=services, subject=unseen)
    fresh = documents.reread(record, scope, services=services)
    if isinstance(fresh, Refused):
        return documents.refuse(fresh, actor, scope, Action.PREVIEW, subject=unseen, services=services)
    document = elsewhere.locate(fresh, services=services)
    if isinstance(document, Refused):
        seen = Subject(fresh.record_id, fresh.patient_id, fresh.clinic_id)
        return documents.refuse(document, actor, scope, Action.PREVIEW, subject=seen, services=services)
    return elsewhere.act(
        lambda found: _read(found, services=services),
        actor=actor,
        scope=scope,
        action=Action.PREVIEW,
        document=document,
        services=services,
    )


def _read(document: Document, *, services: Services) -> Preview | Refused:
    try:
        body = services.objects.read(document.key, limit_bytes=MAX_PREVIEW_BYTES)
    except ObjectUnavailable as error:
        return Refused(RefusalCode.UNKNOWN, doubt=error.doubt) if error.doubt else Refused(RefusalCode.MISSING)
    except OverflowError:
        return Refused(RefusalCode.TOO_LARGE)
    if not _is_the_one(document.record, body):
        return Refused(RefusalCode.WRONG_CONTENT)
    if not link_check.looks_like_pdf(body):
        return Refused(RefusalCode.NOT_A_PDF)
    return Preview(document.record_id, body, document.is_elsewhere)


def _is_the_one(record: Record, body: bytes) -> bool:
    """Whether the bytes are those that the row describes, as far as it describes them."""
    if size_of(record) not in {None, len(body)}:
        return False
    checksum = record.checksum.strip().lower()
    is_md5 = re.fullmatch(r"[0-9a-f]{32}", checksum) is not None
    return not is_md5 or checksum == hashlib.md5(body, usedforsecurity=False).hexdigest()
