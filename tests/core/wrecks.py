"""Real links, made by boto3's own presigner, and the ways in which they arrive broken."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote

import boto3
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from lib.keys import Rules
from lib.mangled import Undone
from lib.objects import Disposition
from lib.stores.s3 import content_disposition

KEY_ID, SECRET = "TESTOWNERACCESSKEY00", "testownersecretkey0000000000000000000000"  # of the Ceph in tests/parts
BUCKET = "edrspace"
LOCATION = "edrcontainer1"
STORED = "prescriptions/pdfs/CON153/ab12.pdf"
KEY = f"{LOCATION}/{STORED}"
HOST = "sgp1.example.com"
RULES = Rules(
    LOCATION, BUCKET, url_hosts=(HOST, f"{BUCKET}.{HOST}", f"{BUCKET}.sgp1.cdn.example.com", "files.example.org")
)

Wreck = Callable[[str], str]


def signed(
    key: str = KEY,
    *,
    endpoint: str = f"https://{HOST}",
    bucket: str = BUCKET,
    expires: int = 3600,
    version: str = "s3v4",
    style: str = "path",
    region: str = "sgp1",
    token: str | None = None,
    filename: str = "prescription_153_v1.pdf",
) -> str:
    """Return a link as boto3 signs it now."""
    wanted = {
        "Bucket": bucket,
        "Key": key,
        "ResponseContentType": "application/pdf",
        "ResponseContentDisposition": content_disposition(Disposition.INLINE, filename),
    }
    client = _client(endpoint, version, style, region, token)
    url: str = client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=expires)
    return url


class _At(auth.S3SigV4QueryAuth):
    """The presigner of boto3 with a clock of its own."""

    def __init__(self, at: datetime) -> None:
        super().__init__(Credentials(KEY_ID, SECRET), "s3", "sgp1", expires=3600)
        self._at = at

    def _modify_request_before_signing(self, request: Any) -> None:
        request.context["timestamp"] = f"{self._at:%Y%m%dT%H%M%SZ}"
        super()._modify_request_before_signing(request)


def signed_at(link: str, at: datetime) -> str:
    """Return a link signed for an hour at another time."""
    request = AWSRequest("GET", re.sub("&X-Amz-.*", "", link))
    _At(at).add_auth(request)
    url: str = request.url
    return url


def again(link: str, **changes: str) -> str:
    """Return a link with other values of its parameters, percent-encoded; None of them is signed anew."""
    for name, value in changes.items():
        link = re.sub(rf"(?<=X-Amz-{name}=)[^&]*", quote(value, safe=""), link)
    return link


@cache
def _client(endpoint: str, version: str, style: str, region: str, token: str | None) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        aws_session_token=token,
        config=Config(signature_version=version, s3={"addressing_style": style}),
    )


LINK = signed()
SIGNATURE = LINK.rpartition("=")[2]


def wrapped(link: str, *, at: int = 72, by: str = "\n") -> str:
    """Return a link broken into lines, as mail programs do."""
    return by.join(link[start : start + at] for start in range(0, len(link), at))


def safelink(link: str) -> str:
    """Return a link as Outlook hands it on."""
    return f"https://eur01.safelinks.protection.outlook.com/?url={quote(link, safe='')}&data=05%7C02%7C&reserved=0"


MENDABLE: Mapping[str, tuple[Wreck, set[Undone]]] = {
    "whole": (str, set()),
    "white space": (lambda link: f"  {link}\n", set()),
    "&amp;": (lambda link: link.replace("&", "&amp;"), {Undone.AMPERSANDS}),
    "&amp;amp;": (lambda link: link.replace("&", "&amp;amp;"), {Undone.AMPERSANDS}),
    "&#38;": (lambda link: link.replace("&", "&#38;"), {Undone.AMPERSANDS}),
    "dot": (lambda link: f"{link}.", {Undone.TRAILING}),
    "comma": (lambda link: f"{link},", {Undone.TRAILING}),
    "bracket": (lambda link: f"{link})", {Undone.TRAILING}),
    "bracket and dot": (lambda link: f"{link}].", {Undone.TRAILING}),
    "quote at the end": (lambda link: f'{link}"', {Undone.TRAILING}),
    "encoded quote at the end": (lambda link: f"{link}%22", {Undone.TRAILING}),
    "HTML entity at the end": (lambda link: f"{link}&gt;", {Undone.TRAILING}),
    "%26": (
        lambda link: link.replace("&X-", "%26X-").replace("&Sig", "%26Sig").replace("&Exp", "%26Exp"),
        {Undone.ENCODED_WHOLE},
    ),
    "quotes": (lambda link: f'"{link}"', {Undone.SURROUNDED}),
    "curly quotes": (lambda link: f"“{link}”", {Undone.SURROUNDED}),
    "angle brackets": (lambda link: f"<{link}>", {Undone.SURROUNDED}),
    "parentheses": (lambda link: f"({link})", {Undone.SURROUNDED}),
    "WhatsApp bold": (lambda link: f"*{link}*", {Undone.SURROUNDED}),
    "lines": (wrapped, {Undone.WRAPPED}),
    "short lines": (lambda link: wrapped(link, at=20, by="\r\n"), {Undone.WRAPPED}),
    "spaces": (
        lambda link: link.replace("?", "?", 1).replace("&X-", "& X-").replace("&Sig", "& Sig"),
        {Undone.WRAPPED},
    ),
    "quoted mail": (lambda link: wrapped(link, by="\n> "), {Undone.WRAPPED}),
    "hxxps": (lambda link: link.replace("https", "hxxps").replace("example.com", "example[.]com"), {Undone.DEFANGED}),
    "markdown": (lambda link: f"[open it]({link})", {Undone.MARKDOWN}),
    "markdown of itself": (lambda link: f"[{link}]({link})", {Undone.MARKDOWN}),
    "message": (lambda link: f"Hello, your prescription:\n{link}\nThe link works until today.", {Undone.AROUND}),
    "HTML": (
        lambda link: f'<a href="{html.escape(link)}">Open</a>',
        {Undone.AROUND, Undone.SURROUNDED, Undone.AMPERSANDS},
    ),
    "Outlook": (safelink, {Undone.WRAPPER}),
    "Outlook in HTML": (lambda link: safelink(link).replace("&", "&amp;"), {Undone.WRAPPER}),
    "Google": (lambda link: f"https://www.google.com/url?q={quote(link, safe='')}&sa=D", {Undone.WRAPPER}),
    "encoded": (lambda link: quote(link, safe=""), {Undone.ENCODED_WHOLE}),
    "encoded twice": (lambda link: quote(quote(link, safe=""), safe=""), {Undone.ENCODED_WHOLE}),
    "encoded query": (
        lambda link: link.split("?")[0] + quote("?" + link.split("?")[1], safe=""),
        {Undone.ENCODED_WHOLE},
    ),
    "%25": (lambda link: link.replace("%", "%25"), {Undone.RE_ENCODED}),
    "mail source": (lambda link: wrapped(link.replace("=", "=3D"), by="=\n"), {Undone.QUOTED_PRINTABLE}),
    "JSON": (lambda link: link.replace("/", "\\/").replace("&", "\\u0026"), {Undone.JSON_ESCAPED}),
    "zero width": (lambda link: f"\ufeff{link[:80]}\u200b{link[80:]}", {Undone.INVISIBLE}),
}

ON_THE_WAY = ("&amp;", "dot", "angle brackets", "lines", "%25", "message", "zero width", "markdown", "Outlook")
