"""``python -m dashboard link``: a signed link, tried as a stranger before it is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from dashboard import printing, wording
from dashboard.terminal import CouldNotRun, Json
from dashboard.terminal import me as _me
from dashboard.terminal import services as _services
from lib import link_bounds, links
from lib.access import Scope
from lib.objects import Disposition

if TYPE_CHECKING:
    from lib.services import Services


def link(
    record: Annotated[int | None, typer.Option(help="The number of the PDF row.")] = None,
    key: Annotated[str | None, typer.Option(help="An object key that a record resolves to.")] = None,
    expires: Annotated[
        str | None, typer.Option(help="15m, 1h, 2d, 90s; up to 7d.", show_default="AWS_QUERYSTRING_EXPIRE")
    ] = None,
    is_download: Annotated[
        bool, typer.Option("--download/--inline", help="Save the PDF, or open it in the browser.")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Why a draft or a replaced version is shared.")] = None,
    as_json: Json = False,
) -> None:
    """Make a signed link, try it as a stranger, and print it.

    Example: python -m dashboard link --record 12 --expires 1h
    """
    if (record is None) == (key is None):
        raise CouldNotRun("Name one file: either --record ID or --key OBJECT_KEY.")
    values, services = _services()
    policy = values.policy
    span = policy.default_expiry if expires is None else link_bounds.read(expires, policy=policy)
    made: links.PresignedUrl | links.Refused
    if isinstance(span, links.Refused):
        made = span
    else:
        request = links.LinkRequest(span, Disposition.ATTACHMENT if is_download else Disposition.INLINE, reason)
        made = _issue(services, record=record, key=key, request=request)
    if isinstance(made, links.Refused):
        _refuse(made, record=record, key=key, as_json=as_json)
    answer = {
        "url": made.url,
        "record_id": made.record_id,
        "key": made.key,
        "issued_at": made.issued_at,
        "expires_at": made.expires_at,
        "expires_in_s": int((made.expires_at - made.issued_at).total_seconds()),
        "content_type": made.content_type,
        "size_bytes": made.size_bytes,
        "verified": True,
        "public": made.is_public,
        "reason": None,
    }
    if as_json:
        printing.as_json(answer)
        return
    printing.say(made.url)
    printing.note(wording.link_ready(made, now=services.clock(), zone=services.zone))
    if made.is_public:
        printing.note(wording.PUBLIC_OBJECT)


def _issue(
    services: Services, *, record: int | None, key: str | None, request: links.LinkRequest
) -> links.PresignedUrl | links.Refused:
    if key is not None:
        return links.issue_for_key(_me(), Scope(), services=services, key=key, request=request)
    assert record is not None
    return links.issue_for_record(_me(), Scope(), services=services, record_id=record, request=request)


def _refuse(refused: links.Refused, *, record: int | None, key: str | None, as_json: bool) -> NoReturn:
    sentence = wording.refusal(refused)
    if as_json:
        nothing: dict[str, object] = dict.fromkeys(
            ("url", "issued_at", "expires_at", "expires_in_s", "content_type", "size_bytes", "public")
        )
        reason = {"code": refused.code, "detail": sentence}
        printing.as_json({**nothing, "record_id": record, "key": key, "verified": False, "reason": reason})
    else:
        printing.note(sentence)
    raise typer.Exit(1)
