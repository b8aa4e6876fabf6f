"""Log lines that hold no secret: signatures, tokens and passwords are cut out before anything is written."""

from __future__ import annotations

import logging
import re
import traceback
from typing import Any

_SECRETS = re.compile(
    # A parameter of a signed link, also where the whole link is percent-encoded inside another, and of a signed header.
    r"(?P<signed>\b(?:x-amz-(?:signature|security-token|credential)|signature|credential|awsaccesskeyid)(?:=|%3d))"
    r"(?:[^&%\s'\"<>,;]|%(?!26))+"
    # A password in an address. It may hold an @, a colon or a slash, so it ends at the last @ of the word.
    r"|(?P<address>://[^\s/:@'\"?#]*:)[^\s'\"]+(?=@)"
    # A named value, as libpq, Python and .env write them.
    r"|(?P<named>\b[\w-]*(?:passw(?:or)?d|secret|token|access_?key)[\w-]*['\"]?\s*[:=]\s*)"
    r"(?:'[^']*'|\"[^\"]*\"|[^\s&,;'\"]+)",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """Return text without signatures, security tokens and passwords. In doubt it cuts too much.

    >>> redact("GET /a.pdf?X-Amz-Expires=60&X-Amz-Signature=abc123 HTTP/1.1")
    'GET /a.pdf?X-Amz-Expires=60&X-Amz-Signature=*** HTTP/1.1'
    >>> redact("postgresql://clinic:s3cret@db/app")
    'postgresql://clinic:***@db/app'
    """
    return _SECRETS.sub(lambda match: f"{match['signed'] or match['address'] or match['named']}***", text)


class _Redacted(logging.LogRecord):
    """A record that is redacted when it is made: other libraries' handlers format records too, each in its own way."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        try:
            message = self.getMessage()
        except Exception:  # noqa: BLE001 - a value that does not fit its message: logging would print all, unredacted
            message = str(self.msg)
        self.msg, self.args = redact(message), None
        if self.exc_info:
            self.exc_text = redact("".join(traceback.format_exception(*self.exc_info)).rstrip())
        self.stack_info = self.stack_info and redact(self.stack_info)


def set_up() -> None:
    """Send log lines to stderr, redacted. uvicorn's access log stays off: addresses can hold what nobody should keep."""
    logging.setLogRecordFactory(_Redacted)
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
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
