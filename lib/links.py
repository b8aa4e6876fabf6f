"""Signed links: bounds, issue, verification. A link is made on click, checked as a stranger, and kept nowhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from lib import authority, diagnosis, documents, elsewhere, keys, link_bounds, link_check, link_quota
from lib.access import Actor, Permission, Role, Scope
from lib.diagnosis import State
from lib.documents import Document
from lib.elsewhere import ELSEWHERE, HEAD_BUDGET, Proven
from lib.errors import LedgerUnavailable
from lib.link_bounds import MAX_EXPIRY, MIN_EXPIRY, Policy, parse_duration, presets
from lib.link_check import Asked, Flaw
from lib.objects import Disposition, Doubt, ObjectUnavailable, Observation
from lib.records import Record
from lib.refusals import RefusalCode, Refused
from lib.trail import Action, Subject

if TYPE_CHECKING:
    from lib.services import Services

__all__ = [
    "ELSEWHERE",
    "MAX_EXPIRY",
    "MIN_EXPIRY",
    "LinkRequest",
    "Policy",
    "PresignedUrl",
    "RefusalCode",
    "Refused",
    "issue",
    "issue_for_key",
    "issue_for_record",
    "parse_duration",
    "presets",
]

MAX_REASON = 500  # characters; what is longer is cut, not refused
MIN_NAME = 3  # letters of a word that is taken for a name; "Jo" and "M" would strike out half of a sentence

_PHONE = re.compile(r"\+?\d(?:[\s().-]*\d){9,}")


@dataclass(frozen=True, slots=True)
class PresignedUrl:
    """A link that was fetched as a stranger and opened. Show it in this session only; never store or log it."""

    url: str
    record_id: int
    key: str
    issued_at: datetime
    expires_at: datetime  # effective: the earlier of the link's and the credentials' end
    may_end_sooner: bool  # temporary credentials of unknown end
    content_type: str | None
    size_bytes: int | None
    is_public: bool | None  # None: the anonymous probe gave no answer
    is_elsewhere: bool = False  # the file is in the wrong place, and proven to be the right one

    def __repr__(self) -> str:
        return f"PresignedUrl(record_id={self.record_id}, expires_at={self.expires_at.isoformat()})"


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """What somebody asked for. ``reason`` is required for drafts and replaced versions."""

    expires: timedelta
    disposition: Disposition = Disposition.INLINE
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    """Everything that was checked before the intent."""

    document: Document
    observation: Observation
    expires: timedelta


def issue(
    actor: Actor, scope: Scope, *, services: Services, record: Record, request: LinkRequest
) -> PresignedUrl | Refused:
    """Re-authorise, check afresh, write the intent, sign, verify as a stranger, write the outcome.

    1. The row is read again in the actor's scope; what the caller holds is only its number.
    2. Duration, PDF, reason, key and whose object it is are checked; then the bucket is asked, never the cache;
       then the trail, how many links this actor has begun in the last hour.
       A refusal up to here is one event, ``refused:CODE``.
    3. The intent is committed. No trail, no link.
    4. The link is signed, parsed and fetched, then the plain address is tried without it, and the row is read once
       more: what changed meanwhile means no link.
    5. The outcome is committed. No trail, no link: what was signed is thrown away.

    Touches both databases and the bucket; raises NotAllowed and DatabaseUnavailable.
    """
    unseen = Subject(record_id=record.record_id)
    scope = authority.require(actor, scope, Permission.LINK, services=services, subject=unseen)
    fresh = documents.reread(record, scope, services=services)
    if isinstance(fresh, Refused):
        return documents.refuse(fresh, actor, scope, Action.LINK, subject=unseen, services=services)
    plan = _plan(fresh, request, role=actor.role, services=services)
    if not isinstance(plan, Refused):
        plan = link_quota.refusal(actor, services=services) or plan
    if isinstance(plan, Refused):
        seen = Subject(fresh.record_id, fresh.patient_id, fresh.clinic_id)
        return documents.refuse(plan, actor, scope, Action.LINK, subject=seen, services=services)
    now = services.clock()
    try:
        intent = services.trail.intent(
            actor,
            scope,
            Action.LINK,
            at=now,
            subject=plan.document.subject,
            reason=_reason(request.reason, plan.document),
            expires_at=now + plan.expires,
        )
    except LedgerUnavailable as error:
        return Refused(RefusalCode.TRAIL_UNAVAILABLE, error.fault)
    return documents.act(
        intent,
        lambda: (
            link_quota.refusal(actor, services=services, before=intent)
            or _sign_and_verify(plan, request, now=services.clock(), services=services)
        ),
        document=plan.document,
        scope=scope,
        services=services,
    )


def issue_for_record(
    actor: Actor, scope: Scope, *, services: Services, record_id: int, request: LinkRequest
) -> PresignedUrl | Refused:
    """Issue a link for the PDF row of this number."""
    subject = Subject(record_id=record_id)
    scope = authority.require(actor, scope, Permission.LINK, services=services, subject=subject)
    record = services.records.get(record_id, scope=scope)
    if record is None:
        refused = Refused(RefusalCode.NOT_VISIBLE)
        return documents.refuse(refused, actor, scope, Action.LINK, subject=subject, services=services)
    return issue(actor, scope, services=services, record=record, request=request)


def issue_for_key(
    actor: Actor, scope: Scope, *, services: Services, key: str, request: LinkRequest
) -> PresignedUrl | Refused:
    """Issue a link for an object key that a visible row resolves to: the version to use, the newest of several."""
    subject = Subject(object_key=key)
    scope = authority.require(actor, scope, Permission.LINK, services=services, subject=subject)
    record = None if keys.impossible(key) else _row_to_use(key, scope, services=services)
    if record is None:
        refused = Refused(RefusalCode.NOT_VISIBLE)
        return documents.refuse(refused, actor, scope, Action.LINK, subject=subject, services=services)
    return issue(actor, scope, services=services, record=record, request=request)


def _row_to_use(key: str, scope: Scope, *, services: Services) -> Record | None:
    # Newest first, and of equals the first is taken. Whether the rows are one patient's is for ``issue`` to ask.
    rows = islice(documents.rows_of_key(key, scope, services=services), documents.MAX_ROWS_OF_A_KEY + 1)
    return min(rows, key=lambda row: (row.is_replaced, row.is_draft), default=None)


def _plan(record: Record, request: LinkRequest, *, role: Role, services: Services) -> _Plan | Refused:
    policy = link_bounds.for_role(services.policy, role)
    expires = link_bounds.effective(request.expires, policy=policy, now=services.clock())
    if isinstance(expires, Refused):
        return expires
    if not record.has_pdf:
        return Refused(RefusalCode.NO_PDF)
    if _cleaned(request.reason, record) is None and (record.is_draft or record.is_replaced):
        needs = RefusalCode.DRAFT_NEEDS_REASON if record.is_draft else RefusalCode.OLD_VERSION_NEEDS_REASON
        return Refused(needs)
    document = documents.locate(record, services=services)
    if isinstance(document, Refused):
        is_impossible = document.doubt is Doubt.IMPOSSIBLE_KEY
        found = elsewhere.proven(record, services=services) if is_impossible else None
        return _planned(found, expires) if found else document
    observation = services.objects.head([document.key], budget=HEAD_BUDGET)[document.key]
    services.presence.put(observation)
    refused = _unless_found(record, observation)
    if refused is not None and refused.code is RefusalCode.MISSING:
        found = elsewhere.proven(record, services=services)
        return _planned(found, expires) if found else refused
    return refused or _planned(Proven(document, observation), expires)


def _planned(found: Proven, expires: timedelta) -> _Plan | Refused:
    if not {".", ".."}.isdisjoint(found.document.key.split("/")):
        return Refused(RefusalCode.UNBROWSABLE_KEY)
    return _Plan(found.document, found.observation, expires)


def _unless_found(record: Record, observation: Observation) -> Refused | None:
    match diagnosis.state(record, observation):
        case State.FOUND:
            return None
        case State.MISSING | State.ELSEWHERE:
            return Refused(RefusalCode.MISSING)
        case State.DAMAGED:
            return Refused(RefusalCode.WRONG_CONTENT)
        case State.NO_PDF:
            return Refused(RefusalCode.NO_PDF)
        case State.UNKNOWN:
            return Refused(RefusalCode.UNKNOWN, doubt=observation.doubt or Doubt.OTHER)


def _sign_and_verify(plan: _Plan, request: LinkRequest, *, now: datetime, services: Services) -> PresignedUrl | Refused:
    record, key, objects = plan.document.record, plan.document.key, services.objects
    filename = f"prescription_{record.prescription_id}_v{record.version}.pdf"
    try:
        plain_url = objects.plain_url(key)
        url = objects.presign(key, expires=plan.expires, filename=filename, disposition=request.disposition)
    except ObjectUnavailable as error:
        return Refused(RefusalCode.UNKNOWN, doubt=error.doubt or Doubt.OTHER)
    asked = Asked(key, plain_url, plan.expires, filename, request.disposition, services.bucket)
    signed = link_check.examine(url, asked, now=now)
    if isinstance(signed, Flaw):
        return Refused(RefusalCode.LINK_MALFORMED, signed)
    fetched = objects.fetch_as_stranger(url, first_bytes=link_check.FIRST_BYTES)
    seen = plan.observation
    refused = link_check.judge(fetched, size_bytes=seen.size_bytes, etag=seen.etag)
    if refused is not None:
        return refused
    anonymous = objects.fetch_as_stranger(plain_url, first_bytes=link_check.FIRST_BYTES)
    return PresignedUrl(
        url=url,
        record_id=plan.document.record_id,
        key=key,
        issued_at=signed.issued_at,
        expires_at=min(signed.expires_at, services.policy.credentials_expire_at or signed.expires_at),
        may_end_sooner=services.policy.may_end_sooner,
        content_type=fetched.content_type,
        size_bytes=fetched.total_bytes,
        is_public=link_check.is_public(anonymous, seen),
        is_elsewhere=plan.document.is_elsewhere,
    )


def _reason(reason: str | None, document: Document) -> str | None:
    cleaned = _cleaned(reason, document.record)
    return " ".join(part for part in (ELSEWHERE, cleaned) if part) if document.is_elsewhere else cleaned


def _cleaned(reason: str | None, record: Record) -> str | None:
    """Return a reason on one line, or None where it says nothing.

    The trail is no place for the patient's name or any phone number, so both are struck out.
    """
    line = " ".join((reason or "").split())[:MAX_REASON]
    if not any(character.isalnum() for character in line):
        return None
    line = _PHONE.sub("[phone]", line)
    words = [word for word in re.findall(r"\w+", record.patient_name) if len(word) >= MIN_NAME and not word.isdigit()]
    return re.sub(rf"\b({'|'.join(map(re.escape, words))})\b", "[name]", line, flags=re.I) if words else line
