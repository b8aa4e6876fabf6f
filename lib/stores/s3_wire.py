"""A keep-alive pool of connections to one S3 server, without boto3 and reached as boto3 reaches it."""

from __future__ import annotations

import ssl
import time
from base64 import b64encode
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import urllib3
from urllib3 import exceptions
from urllib3.util.ssl_ import create_urllib3_context

from lib.objects import Doubt
from lib.stores.s3_config import S3Config

CONNECTIONS = 64  # that are kept; a busier moment opens more
READ_BYTES = 1 << 16  # about what comes at once: room that stays empty costs more than the call
LONGEST_BYTES = 16 << 20  # a page of 1,000 keys of 1,024 encoded bytes each takes 4 MiB

BY_EXCEPTION: tuple[tuple[type[Exception], Doubt], ...] = (
    (exceptions.SSLError, Doubt.TLS),
    (exceptions.NewConnectionError, Doubt.UNREACHABLE),  # a kind of ConnectTimeoutError, for urllib3
    (exceptions.TimeoutError, Doubt.TIMED_OUT),
    (exceptions.ProtocolError, Doubt.UNREACHABLE),
    (exceptions.ProxyError, Doubt.UNREACHABLE),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came for one request; ``doubt`` is set where nothing whole did. The names of the headers are lower case.

    ``is_final``: the next request would not end otherwise.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    doubt: Doubt | None = None
    is_final: bool = False


class Wire:
    """One server. Threads share it; each request takes a connection that is free, or a new one."""

    def __init__(self, config: S3Config, address: str, *, read_timeout_s: float) -> None:
        """``address`` is scheme, host and port. An environment's proxy is honoured as boto3's client does."""
        self._connect_s, self._read_s = config.connect_timeout_s, read_timeout_s
        self._address = address
        scheme = urlsplit(address).scheme
        options: dict[str, object] = {"maxsize": CONNECTIONS, "retries": False}
        if scheme == "https":
            # One context for all connections: to read the authorities anew for each would take 20 ms.
            context = create_urllib3_context()
            context.load_verify_locations(cafile=config.ca_bundle or certifi.where())
            options["ssl_context"] = context
        proxy = _proxy(address)
        self._is_forwarded = bool(proxy) and scheme == "http"
        self._manager: urllib3.PoolManager = (
            urllib3.ProxyManager(proxy, proxy_headers=_authorization(proxy), **options)  # type: ignore[arg-type]
            if proxy
            else urllib3.PoolManager(**options)  # type: ignore[arg-type]
        )

    @cached_property
    def _pool(self) -> urllib3.HTTPConnectionPool:
        """The connections to that server. Asked itself: the manager would fold ./ and ../"""
        return self._manager.connection_from_url(self._address)

    def get(self, target: str, *, host: str, seconds: float) -> Answer:
        """GET what stands behind the host, following nothing, within some seconds in all.

        A server that sends its head a byte at a time can hold this longer.
        """
        seconds = max(seconds, 0.001)
        deadline = time.monotonic() + seconds
        timeout = urllib3.Timeout(connect=self._connect_s, read=self._read_s, total=seconds)
        try:
            reply = self._pool.urlopen(
                "GET",
                self._address + target if self._is_forwarded else target,
                headers={"Host": host, "Accept-Encoding": "identity"},
                timeout=timeout,
                redirect=False,
                preload_content=False,
                decode_content=False,
                assert_same_host=False,
            )
            headers = {name.lower(): value for name, value in reply.headers.items()}
            body = _body(reply, deadline=deadline)
            return Answer(reply.status, headers, body)
        except exceptions.HTTPError as error:
            why = error.args[0] if error.args else None
            return Answer(doubt=doubt_of(error), is_final=isinstance(why, ssl.SSLCertVerificationError))
        except OverflowError:
            return Answer(doubt=Doubt.NOT_S3)


def doubt_of(error: exceptions.HTTPError) -> Doubt:
    """Return why there was no answer."""
    return next((doubt for kind, doubt in BY_EXCEPTION if isinstance(error, kind)), Doubt.OTHER)


def _body(reply: urllib3.BaseHTTPResponse, *, deadline: float) -> bytes:
    """Return all bytes and give the connection back; one that was not read to its end is closed."""
    parts, size = [], 0
    try:
        while chunk := reply.read1(READ_BYTES):
            parts.append(chunk)
            size += len(chunk)
            if size > LONGEST_BYTES:
                raise OverflowError
            if time.monotonic() > deadline:
                raise exceptions.TimeoutError
    except BaseException:
        reply.close()
        raise
    reply.release_conn()
    return b"".join(parts)


def _proxy(address: str) -> str:
    """Return the proxy that the environment names for an address, or ''. As botocore's get_environ_proxies."""
    parts = urlsplit(address)
    proxy = "" if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme, "")
    if not proxy or proxy.startswith(("http:", "https:")):
        return proxy
    return f"http:{proxy}" if proxy.startswith("//") else f"http://{proxy}"


def _authorization(proxy: str) -> dict[str, str]:
    parts = urlsplit(proxy)
    if not parts.username or not parts.password:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password)}"
    return {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
