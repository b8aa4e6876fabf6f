"""Log lines that hold no secret: signatures, tokens and passwords are cut out before anything is written."""

from __future__ import annotations

import logging
import re
from typing import Any

_SECRETS = re.compile(
    r"(?i)(?P<name>x-amz-(?:signature|security-token|credential)=|\bsignature=|\bawsaccesskeyid=|password[=:]\s*|://[^:/@\s]*:)"
    r"(?P<value>[^&@\s'\"]+)"
)


def redact(text: str) -> str:
    """Return text without signatures, security tokens and passwords.

    >>> redact("GET /a.pdf?X-Amz-Expires=60&X-Amz-Signature=abc123 HTTP/1.1")
    'GET /a.pdf?X-Amz-Expires=60&X-Amz-Signature=*** HTTP/1.1'
    >>> redact("postgresql://clinic:s3cret@db/app")
    'postgresql://clinic:***@db/app'
    """
    return _SECRETS.sub(lambda match: f"{match['name']}***", text)


class _Redacted(logging.LogRecord):
    """A record whose message, and the text of whose exception, is redacted."""

    def getMessage(self) -> str:  # noqa: N802 - logging's own name
        return redact(super().getMessage())


class _RedactedFormatter(logging.Formatter):
    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        return redact(super().formatException(ei))


def set_up(*, is_verbose: bool = False) -> None:
    """Send log lines to stderr, redacted. uvicorn's access log stays off: addresses can hold what nobody should keep."""
    logging.setLogRecordFactory(_Redacted)
    handler = logging.StreamHandler()
    handler.setFormatter(_RedactedFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO if is_verbose else logging.WARNING)
    quiet()


def quiet() -> None:
    """Switch uvicorn's access log off for good; Streamlit switches it on when it starts (seen in 1.67.0)."""
    access = logging.getLogger("uvicorn.access")
    access.handlers[:] = [logging.NullHandler()]
    access.propagate = False
    access.disabled = True


def failed(what: str, error: BaseException) -> None:
    """Write down an error that nobody expected, with its traceback, redacted."""
    logging.getLogger("dashboard").error("%s failed", what, exc_info=error)
