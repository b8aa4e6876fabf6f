"""What an ID token proves. Touches no network.

The rules are OpenID Connect Core 1.0, 3.1.3.7; Authlib compares the claims, joserfc the signature.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from lib.errors import ProviderFault, ProviderUnavailable, TokenFault, TokenRefused
from lib.people import Identity

# With a private key only: "none" proves nothing, and an HS… signature can be made by whoever knows what is public.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
LEEWAY = timedelta(minutes=2)  # between the provider's clock and ours
OLDEST = timedelta(minutes=10)  # it was made just now, at our request
TOKEN_MAX = 16_384  # characters
SUBJECT_MAX = 255
_CLAIM = {
    "iss": TokenFault.ISSUER,
    "aud": TokenFault.AUDIENCE,
    "azp": TokenFault.AUDIENCE,
    "exp": TokenFault.EXPIRED,
    "iat": TokenFault.CLOCK,
    "nbf": TokenFault.CLOCK,
    "nonce": TokenFault.NONCE,
    "sub": TokenFault.SUBJECT,
}


class UnknownKey(Exception):
    """The token names a key that is not among those that we have. The provider may have a new one."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say."""

    issuer: str
    client_id: str
    nonce: str = field(repr=False)


def read_keys(document: Mapping[str, object]) -> KeySet:
    """Return the public keys of a key set; those of kinds that we do not know are left out. Raises ProviderUnavailable."""
    entries = document.get("keys")
    if not isinstance(entries, list):
        raise ProviderUnavailable(ProviderFault.NONSENSE)
    return KeySet([key for each in entries if (key := _key(each)) is not None])


def _key(entry: object) -> RSAKey | ECKey | OKPKey | None:
    kinds: dict[object, Any] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or entry.get("kty") not in kinds:
        return None
    try:
        key: RSAKey | ECKey | OKPKey = kinds[entry["kty"]].import_key(entry)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key


def verify(token: object, keys: KeySet, expected: Expected, *, at: datetime) -> tuple[Identity, Mapping[str, object]]:
    """Return who the token is about and all that it says; raise UnknownKey, TokenRefused.

    1. The header names an algorithm of our list and one key that the provider publishes.
    2. The signature is that key's.
    3. Issuer, audience (and the party it was made for), nonce, end and beginning are what they must be.
    """
    if not isinstance(token, str) or len(token) > TOKEN_MAX or not token.isascii() or token.count(".") != 2:
        raise TokenRefused(TokenFault.MALFORMED)
    header = _header(token)
    if header.get("alg") not in ALGORITHMS:
        raise TokenRefused(TokenFault.ALGORITHM)
    key = _chosen(keys, header.get("kid"))
    try:
        claims = jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError, TypeError):
        raise TokenRefused(TokenFault.SIGNATURE) from None
    _check(claims, header, expected, at=at)
    subject = claims["sub"]
    if not (0 < len(subject) <= SUBJECT_MAX and subject.isascii() and subject.isprintable()):
        raise TokenRefused(TokenFault.SUBJECT)
    return Identity(expected.issuer, subject), claims


def _header(token: str) -> Mapping[str, Any]:
    part = token.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        raise TokenRefused(TokenFault.MALFORMED) from None
    if not isinstance(header, dict):
        raise TokenRefused(TokenFault.MALFORMED)
    return header


def _chosen(keys: KeySet, kid: object) -> Any:
    if kid is not None:
        named = [key for key in keys.keys if key.kid == kid]
        if not named:
            raise UnknownKey
        return named[0]
    if len(keys.keys) != 1:  # it may leave its name out where there is no other
        raise TokenRefused(TokenFault.KEY)
    return keys.keys[0]


def _check(claims: dict[str, Any], header: Mapping[str, Any], expected: Expected, *, at: datetime) -> None:
    now, leeway = int(at.timestamp()), int(LEEWAY.total_seconds())
    must = {name: {"essential": True, "value": value} for name, value in _musts(expected).items()}
    read = CodeIDToken(claims, dict(header), must, {"nonce": expected.nonce, "client_id": expected.client_id})
    try:
        read.validate(now=now, leeway=leeway)
    except ExpiredTokenError:
        raise TokenRefused(TokenFault.EXPIRED) from None
    except (InvalidClaimError, MissingClaimError) as error:
        raise TokenRefused(_CLAIM.get(str(error.claim), TokenFault.MALFORMED)) from None
    if claims["iat"] < now - leeway - OLDEST.total_seconds():
        raise TokenRefused(TokenFault.CLOCK)


def _musts(expected: Expected) -> dict[str, str]:
    return {"iss": expected.issuer, "aud": expected.client_id}
