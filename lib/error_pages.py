"""The error page of S3, as a browser shows it: its code and what else it says. Pure; no entity and no DTD is ever read."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from enum import StrEnum
from xml.parsers import expat

MAX_PAGE = 64 * 1024  # characters that are looked at; a page of S3 takes a quarter of a KiB

_BEGIN = re.compile(r"<(?:\?xml|!DOCTYPE|(?:[\w.-]{1,32}:)?Error[\s>/])", re.IGNORECASE)
_NOTICE = re.compile(r"XML file does not appear to have any style", re.IGNORECASE)
_ROOT = re.compile(r"<(?:[\w.-]{1,32}:)?Error(?=[\s>/])")
_ELEMENT = re.compile(r"<([A-Za-z]{1,32})>([^<>]{0,2048})")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]{1,63}")
_REQUEST = re.compile(r"tx[0-9a-f]{21}-[0-9a-f-]{10,40}-[\w-]{1,40}|[0-9A-Z]{16}")
_MAX_DEPTH = 32


class ErrorCode(StrEnum):
    """Codes that S3 and Ceph give for a link, and what to make of a code that is none of these."""

    NO_SUCH_KEY = "NoSuchKey"
    NO_SUCH_BUCKET = "NoSuchBucket"
    NO_SUCH_VERSION = "NoSuchVersion"
    ACCESS_DENIED = "AccessDenied"
    ALL_ACCESS_DISABLED = "AllAccessDisabled"
    ACCOUNT_PROBLEM = "AccountProblem"
    USER_SUSPENDED = "UserSuspended"
    SIGNATURE_DOES_NOT_MATCH = "SignatureDoesNotMatch"
    INVALID_ACCESS_KEY_ID = "InvalidAccessKeyId"
    EXPIRED_TOKEN = "ExpiredToken"  # noqa: S105  a code
    INVALID_TOKEN = "InvalidToken"  # noqa: S105  a code
    TOKEN_REFRESH_REQUIRED = "TokenRefreshRequired"  # noqa: S105  a code
    REQUEST_TIME_TOO_SKEWED = "RequestTimeTooSkewed"
    REQUEST_EXPIRED = "RequestExpired"
    AUTHORIZATION_QUERY_PARAMETERS = "AuthorizationQueryParametersError"
    AUTHORIZATION_HEADER_MALFORMED = "AuthorizationHeaderMalformed"
    MISSING_SECURITY_HEADER = "MissingSecurityHeader"
    INVALID_ARGUMENT = "InvalidArgument"
    INVALID_REQUEST = "InvalidRequest"
    INVALID_URI = "InvalidURI"
    INVALID_BUCKET_NAME = "InvalidBucketName"
    INVALID_OBJECT_NAME = "InvalidObjectName"
    INVALID_RANGE = "InvalidRange"
    KEY_TOO_LONG = "KeyTooLongError"
    METHOD_NOT_ALLOWED = "MethodNotAllowed"
    PERMANENT_REDIRECT = "PermanentRedirect"
    TEMPORARY_REDIRECT = "TemporaryRedirect"
    INVALID_OBJECT_STATE = "InvalidObjectState"
    SLOW_DOWN = "SlowDown"
    SERVICE_UNAVAILABLE = "ServiceUnavailable"
    INTERNAL_ERROR = "InternalError"
    REQUEST_TIMEOUT = "RequestTimeout"
    NOT_IMPLEMENTED = "NotImplemented"
    XML_REFUSED = "XML_REFUSED"  # ours: the page declares entities or a DTD, and is not read
    UNNAMED = "UNNAMED"  # ours: an error page whose code is missing or cut off
    OTHER = "OTHER"  # ours: a code that is not in this list


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What an error page says. Only Amazon's has ``key`` or ``resource``; Ceph's says bucket and request, no file."""

    code: ErrorCode
    said: str = ""  # the code as the page writes it
    bucket: str = ""
    request_id: str = ""
    host_id: str = ""
    key: str = field(default="", repr=False)
    resource: str = field(default="", repr=False)
    is_cut: bool = False  # it ends before its end

    @property
    def names_file(self) -> bool:
        """Whether the page says which file was asked for."""
        return bool(self.key or self.resource.strip("/").partition("/")[2])


def read(text: str) -> ErrorPage | None:
    """Return what an error page of S3 says, or None where the text is none.

    1. XML, whole or cut off, with a namespace or without, also with its ``<`` written as ``&lt;``, once or twice.
    2. The words that Chrome and Firefox show: the notice about the missing style sheet, then the tree.
    3. Only the visible text, without any tag: a known code, then bucket and request.

    >>> page = read("<Error><Code>NoSuchKey</Code><Message/><BucketName>edrspace</BucketName><RequestId>tx1")
    >>> page.code.value, page.bucket, page.request_id, page.is_cut, page.names_file
    ('NoSuchKey', 'edrspace', 'tx1', True, False)
    >>> read('<!DOCTYPE a [<!ENTITY b "c">]><Error><Code>&b;</Code></Error>').code.value
    'XML_REFUSED'
    """
    text = text[:MAX_PAGE]
    for _ in range(3):
        if _BEGIN.search(text):
            return _xml(text)
        if "&lt;" not in text and "&amp;lt;" not in text and "\\u003c" not in text:
            break
        text = html.unescape(text.replace("\\u003c", "<").replace("\\u003e", ">"))
    return _visible(text)


def _xml(text: str) -> ErrorPage | None:
    if re.search(r"<!(?:DOCTYPE|ENTITY)", text, re.IGNORECASE):
        is_error = _ROOT.search(text) is not None
        return ErrorPage(ErrorCode.XML_REFUSED) if is_error else None
    root = _ROOT.search(text)
    if root is None:
        return None
    found, is_whole = _parsed(text[root.start() :])
    if "Code" not in found:  # the tree with its folding marks is no XML; its elements can be read all the same
        found = {name: html.unescape(value).strip() for name, value in reversed(_ELEMENT.findall(text))} | found
    return _page(found, is_cut=not is_whole)


def _parsed(text: str) -> tuple[dict[str, str], bool]:
    """Return the elements below the root up to the first fault, and whether the root was closed."""
    path: list[str] = []
    found: dict[str, str] = {}
    is_whole = False

    def start(name: str, _attributes: dict[str, str]) -> None:
        path.append(name.rpartition(":")[2])
        if len(path) > _MAX_DEPTH:
            raise _TooDeep

    def end(_name: str) -> None:
        nonlocal is_whole
        path.pop()
        is_whole = not path

    def characters(data: str) -> None:
        if len(path) == 2:
            found[path[-1]] = found.get(path[-1], "") + data

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    try:
        parser.Parse(text.encode("utf-8", "replace"), False)
        if not is_whole and "Code" not in found:
            parser.Parse(b"", True)  # what is still held back, such as the text of the last element
    except (expat.ExpatError, _TooDeep):
        pass
    return {name: value.strip()[:2048] for name, value in found.items()}, is_whole


class _TooDeep(Exception):
    """More elements within one another than an error page has."""


def _page(found: dict[str, str], *, is_cut: bool) -> ErrorPage:
    said = found.get("Code", "")
    is_word = _WORD.fullmatch(said) is not None
    code = _code(said) if is_word else ErrorCode.UNNAMED
    if is_cut and code is ErrorCode.OTHER and len(found) == 1:  # the code itself was cut off
        code = ErrorCode.UNNAMED
    return ErrorPage(
        code=code,
        said=said if is_word else "",
        bucket=found.get("BucketName", "") or found.get("Bucket", ""),
        request_id=found.get("RequestId", ""),
        host_id=found.get("HostId", ""),
        key=found.get("Key", ""),
        resource=found.get("Resource", ""),
        is_cut=is_cut,
    )


def _code(said: str) -> ErrorCode:
    try:
        code = ErrorCode(said)
    except ValueError:
        return ErrorCode.OTHER
    return ErrorCode.OTHER if code in {ErrorCode.XML_REFUSED, ErrorCode.UNNAMED} else code


def _visible(text: str) -> ErrorPage | None:
    """Read the page without its tags: what is left when only the text was copied."""
    has_notice = _NOTICE.search(text) is not None
    shown = text[:4096]
    if "/" in shown and not has_notice and not re.search(r"\btx[0-9a-f]{21}-", shown):
        return None
    codes = [each for each in ErrorCode if each.value != each.name]
    glued = next((code for code in codes if re.match(rf"\s*{code}[a-z0-9.-]{{3,63}}tx[0-9a-f]{{21}}-", shown)), None)
    if glued:  # some browsers show the elements without anything between them
        bucket = shown.strip().removeprefix(glued)
        return ErrorPage(glued, str(glued), re.split(r"tx[0-9a-f]{21}-", bucket)[0])
    at = {code: found.start() for code in codes if (found := re.search(rf"(?<![A-Za-z]){code}(?![a-z])", shown))}
    if not at:
        return ErrorPage(ErrorCode.UNNAMED, is_cut=True) if has_notice else None
    code = min(at, key=lambda each: at[each])
    rest = shown[at[code] + len(code) :]
    request = _REQUEST.search(rest)
    between = (rest[: request.start()] if request else rest).split()
    # Ceph's message is empty, so the one word before the request is the bucket.
    bucket = between[0] if len(between) == 1 and re.fullmatch(r"[a-z0-9][a-z0-9.-]{2,62}", between[0]) else ""
    return ErrorPage(code, str(code), bucket, request[0] if request else "")
