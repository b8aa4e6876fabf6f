"""What one record's file really holds: read to be judged, never shown. The trail has the intent before the first byte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from lib import authority, contents, diagnosis, documents, elsewhere
from lib.access import Actor, Permission, Scope
from lib.catalogue import Code
from lib.contents import Kind
from lib.diagnosis import Md5
from lib.documents import Document
from lib.listing import Version
from lib.objects import ObjectUnavailable
from lib.records import Record
from lib.refusals import RefusalCode, Refused
from lib.trail import Action, Subject

if TYPE_CHECKING:
    from lib.services import Services

MAX_COMPARED_BYTES = 64 * 1024 * 1024

Learnt = TypeVar("Learnt")


@dataclass(frozen=True, slots=True)
class Inside:
    """What the first and the last KiB show. No ``codes``: it begins, ends and is labelled as a PDF."""

    kind: Kind
    codes: frozenset[Code]
    error_code: str | None  # of an error page of S3 that was stored in the file's place
    size_bytes: int
    content_type: str | None


@dataclass(frozen=True, slots=True)
class Compared:
    """The MD5 of all bytes, and how it compares with the record's."""

    md5: str
    verdict: Md5


def look(actor: Actor, scope: Scope, *, services: Services, record: Record) -> Inside | Refused:
    """Return what the file is, by its first and last KiB. Two requests; raises NotAllowed and DatabaseUnavailable."""
    return _read(actor, scope, Permission.FIND, _look, services=services, record=record)


def compare(actor: Actor, scope: Scope, *, services: Services, record: Record) -> Compared | Refused:
    """Read the whole file once, up to MAX_COMPARED_BYTES, and compare it; raises NotAllowed and DatabaseUnavailable."""
    return _read(actor, scope, Permission.STORAGE_DETAILS, _compare, services=services, record=record)


def versions(actor: Actor, scope: Scope, *, services: Services, record: Record) -> tuple[Version, ...] | Refused:
    """Return what lay at the record's own key, the newest first; () where the bucket keeps no versions.

    Reads no content. One request; raises NotAllowed and DatabaseUnavailable.
    """
    subject = Subject(record.record_id)
    scope = authority.require(actor, scope, Permission.STORAGE_DETAILS, services=services, subject=subject)
    fresh = documents.reread(record, scope, services=services)
    document = fresh if isinstance(fresh, Refused) else documents.locate(fresh, services=services)
    if isinstance(document, Refused):
        return document
    try:
        return services.lister.versions(document.key)
    except ObjectUnavailable as error:
        return Refused(RefusalCode.UNKNOWN, doubt=error.doubt)


def _read(
    actor: Actor,
    scope: Scope,
    permission: Permission,
    deed: Callable[[Document, Services], Learnt],
    *,
    services: Services,
    record: Record,
) -> Learnt | Refused:
    unseen = Subject(record.record_id)
    scope = authority.require(actor, scope, permission, services=services, subject=unseen)
    fresh = documents.reread(record, scope, services=services)
    if isinstance(fresh, Refused):
        return documents.refuse(fresh, actor, scope, Action.CONTENT, subject=unseen, services=services)
    document = elsewhere.locate(fresh, services=services)
    if isinstance(document, Refused):
        seen = Subject(fresh.record_id, fresh.patient_id, fresh.clinic_id)
        return documents.refuse(document, actor, scope, Action.CONTENT, subject=seen, services=services)

    def read(found: Document) -> Learnt | Refused:
        try:
            return deed(found, services)
        except ObjectUnavailable as error:
            return Refused(RefusalCode.UNKNOWN, doubt=error.doubt) if error.doubt else Refused(RefusalCode.MISSING)
        except OverflowError:
            return Refused(RefusalCode.TOO_LARGE)

    return elsewhere.act(read, actor=actor, scope=scope, action=Action.CONTENT, document=document, services=services)


def _look(document: Document, services: Services) -> Inside:
    ends = services.lister.ends(document.key)
    return Inside(
        contents.kind(ends), contents.judge(ends), contents.error_code(ends), ends.size_bytes, ends.content_type
    )


def _compare(document: Document, services: Services) -> Compared:
    found = contents.md5_of_bytes(document.key, store=services.objects, limit_bytes=MAX_COMPARED_BYTES)
    said = diagnosis.md5_of(document.record.checksum)
    if said is None:
        return Compared(found, Md5.NOT_COMPARABLE)
    return Compared(found, Md5.AGREES if said == found else Md5.DIFFERS)
