"""A small identity provider: OpenID Connect over real sockets, with a page on which people choose who they are.

It checks what a provider checks (client and secret, redirect address, PKCE, a code used once), and can be told to
misbehave: a field of ``Provider`` each.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID = "rx+dashboard"  # with signs whose coding is tried
CLIENT_SECRET = "secret+of%the/client"
Claims = dict[str, Any]


def new_key() -> RSAKey:
    """Return a key that signs, with an id of its own."""
    return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})


KEY = new_key()  # making one takes long


@dataclass
class Code:
    """A code that was given out."""

    subject: str
    asked: dict[str, str]


@dataclass
class Provider:
    """The provider's state; what a test sets counts from the next request on."""

    issuer: str
    people: dict[str, Claims] = field(default_factory=dict)  # subject: what is claimed about them
    key: RSAKey = field(default_factory=lambda: KEY)
    published: list[dict[str, Any]] | None = None  # instead of the key
    document: Claims = field(default_factory=dict)  # over what the configuration says
    spoil: Callable[[Claims], Claims] = lambda claims: claims  # the claims before they are signed
    sign: Callable[[Claims], str] | None = None
    answer: tuple[int, bytes, dict[str, str]] | None = None
    answers_at: str = ""  # the one path that is answered so; every path without it
    stalls: bool = False  # accepts and never answers
    trickles: bool = False  # answers without end, too fast for a read timeout
    takes_codes_twice: bool = False
    secret: str = CLIENT_SECRET
    codes: dict[str, Code] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)  # paths
    closing: threading.Event = field(default_factory=threading.Event)

    def configuration(self) -> Claims:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            **self.document,
        }

    def keys(self) -> Claims:
        return {"keys": [self.key.as_dict(private=False)] if self.published is None else self.published}

    def code_for(self, subject: str, asked: dict[str, str]) -> str:
        """Return a code, as somebody gets it who chose themself on the page."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = Code(subject, asked)
        return code

    def way_back(self, subject: str, asked: dict[str, str]) -> str:
        """Return where the browser is sent to."""
        query = {"code": self.code_for(subject, asked), "state": asked["state"], "iss": self.issuer}
        return f"{asked['redirect_uri']}?{urlencode(query)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, Claims]:
        """Return status and answer of the token endpoint."""
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        client, _, secret = given.partition(":")
        if (unquote_plus(client), unquote_plus(secret)) != (CLIENT_ID, self.secret):
            return 401, {"error": "invalid_client"}
        code = self.codes.get(form.get("code", ""))
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
        if (
            code is None
            or (form["code"] in self.used and not self.takes_codes_twice)
            or form.get("redirect_uri") != code.asked["redirect_uri"]
            or (code.asked["code_challenge_method"], challenge) != ("S256", code.asked["code_challenge"])
        ):
            return 400, {"error": "invalid_grant"}
        self.used.add(form["code"])
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": self.id_token(code)}

    def id_token(self, code: Code) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": code.subject,
            "iat": now,
            "exp": now + 300,
            "nonce": code.asked["nonce"],
            **self.people[code.subject],
        }
        return (self.sign or self.signed)(self.spoil(claims))

    def signed(self, claims: Claims) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def page(self, asked: dict[str, str]) -> str:
        hidden = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in asked.items())
        buttons = "".join(
            f'<button name="subject" value="{escape(each)}">{escape(str(claims.get("name", each)))}</button>'
            for each, claims in self.people.items()
        )
        return f'<!doctype html><title>Who are you?</title><form method="post" action="/authorize">{hidden}{buttons}</form>'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, provider: Provider, *rest: Any) -> None:
        self.provider = provider
        super().__init__(*rest)

    def do_GET(self) -> None:
        if self._misbehaves():
            return
        path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
        match path:
            case "/.well-known/openid-configuration":
                self._json(200, self.provider.configuration())
            case "/keys":
                self._json(200, self.provider.keys())
            case "/authorize":
                self._send(200, self.provider.page(query).encode(), {"Content-Type": "text/html"})
            case _:
                self._send(404, b"", {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if self._misbehaves():
            return
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if urlsplit(self.path).path == "/token":
            self._json(*self.provider.token(form, self.headers.get("Authorization", "")))
        else:
            self._send(302, b"", {"Location": self.provider.way_back(form.pop("subject"), form)})

    def _misbehaves(self) -> bool:
        self.provider.asked.append(urlsplit(self.path).path)
        if self.provider.stalls:
            self.provider.closing.wait()
            return True
        if self.provider.trickles:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.provider.closing.wait(0.05):
                self.wfile.write(b"x")
            return True
        if self.provider.answer is None or self.provider.answers_at not in {"", urlsplit(self.path).path}:
            return False
        self._send(*self.provider.answer)
        return True

    def _json(self, status: int, answer: Claims) -> None:
        self._send(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body)), "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """What it was asked is in ``Provider.asked``."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some of these tests are about."""


@contextmanager
def provider() -> Iterator[Provider]:
    """Yield a provider on a free port of this computer, in which nobody is known yet."""
    with _Server(("127.0.0.1", 0), partial(_Handler, state := Provider(""))) as server:
        state.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            state.closing.set()
            server.shutdown()
            thread.join()
