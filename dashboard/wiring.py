"""Settings -> Services: the only place that picks a store. The process's one set of services lives here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from dashboard.visit import SignedOut
from lib import sign_in
from lib.access import Actor, Role, Scope
from lib.accounts import Accounts
from lib.federated_sign_in import Federation
from lib.objects import PresenceCache
from lib.passwords import Hasher
from lib.services import Services
from lib.sessions import Lifetimes, Live, Sessions
from lib.settings import Settings
from lib.stores import ledger_db, ledger_engine, records_db
from lib.stores.ledger_flows import LedgerFlows
from lib.stores.ledger_people import LedgerPasswordLinks, LedgerPeople
from lib.stores.ledger_sessions import LedgerSessions, LedgerThrottle
from lib.stores.oidc import OidcConfig, OidcProvider
from lib.stores.s3 import S3Config, S3Objects
from lib.throttle import Throttle
from lib.trail import Trail

OPERATOR = Actor("local", Role.OPERATOR)  # whoever started the server

Examples = tuple[tuple[str, str], ...]


class NotConfigured(Exception):
    """The app was started without ``python -m dashboard run``."""


def _now() -> datetime:
    return datetime.now(UTC)


def build(settings: Settings, *, is_demo: bool = False, clock: Callable[[], datetime] = _now) -> Services:
    """Return the services of these settings. Touches no network; every store connects when it is asked."""
    return Services(
        records=records_db.connect(settings.database_url.get_secret_value()),
        objects=S3Objects(
            S3Config(
                bucket=settings.bucket,
                endpoint_url=settings.endpoint_url,
                region=settings.region,
                access_key_id=settings.access_key_id.get_secret_value(),
                secret_access_key=settings.secret_access_key.get_secret_value(),
                session_token=settings.session_token.get_secret_value() if settings.session_token else None,
                addressing_style=settings.addressing_style,
                location=settings.location,
            )
        ),
        presence=PresenceCache(),
        trail=_trail(settings),
        rules=settings.rules,
        policy=settings.policy,
        zone=settings.zone,
        phone_region=settings.phone_region,
        bucket=settings.bucket,
        endpoint_url=settings.endpoint_url,
        clock=clock,
        is_demo=is_demo,
    )


def accounts(settings: Settings, *, trail: Trail) -> Accounts:
    """Return the accounts of these settings, written down in this trail. Touches no network."""
    engine = ledger_engine.make(settings.ledger_url.get_secret_value())
    return Accounts(
        people=LedgerPeople(engine),
        sessions=Sessions(LedgerSessions(engine), lifetimes=Lifetimes()),
        links=LedgerPasswordLinks(engine),
        throttle=Throttle(LedgerThrottle(engine), secret=settings.derive("throttle")),
        hasher=Hasher(),
        trail=trail,
    )


def federation(settings: Settings, *, clock: Callable[[], datetime] = _now) -> Federation | None:
    """Return the identity provider of these settings, None where there is none. Touches no network."""
    if not settings.has_provider:
        return None
    config = OidcConfig(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
    )
    return Federation(
        provider=OidcProvider(config, clock=clock),
        rules=settings.claim_rules,
        name=settings.provider_name,
        issuer=settings.oidc_issuer,
        spent=LedgerFlows(ledger_engine.make(settings.ledger_url.get_secret_value())),
        secret=settings.derive("oidc"),
    )


def migrate(settings: Settings) -> None:
    """Bring our own database up to date; raise LedgerUnavailable."""
    ledger_db.migrate(settings.ledger_url.get_secret_value())
    _trail(settings).begin_macs(OPERATOR, Scope(), at=_now())


def _trail(settings: Settings) -> Trail:
    return ledger_db.open_trail(settings.ledger_url.get_secret_value(), derive=settings.derive)


@dataclass(frozen=True, slots=True)
class Served:
    """What this process serves, and to whom."""

    services: Services
    accounts: Accounts
    cookie: str  # the name of the one that holds the session's token
    examples: Examples = ()
    public_url: str = ""

    def who(self, token: str, *, is_use: bool = False) -> tuple[Actor, Scope]:
        """Return who acts under this token, as they are now; raise SignedOut, LedgerUnavailable."""
        live = self.session(token, is_use=is_use)
        return live.actor, live.person.scope

    def session(self, token: str, *, is_use: bool = False) -> Live:
        """Return this token's session and its person, as they are now; raise SignedOut, LedgerUnavailable."""
        live = self._live(token, is_use=is_use)
        if live is None:
            raise SignedOut
        return live

    def sign_out(self, token: str) -> None:
        """End this token's session, if it lives; raise LedgerUnavailable."""
        live = self._live(token, is_use=False)
        if live is not None:
            sign_in.sign_out(self.accounts, live, at=self.services.clock())

    def _live(self, token: str, *, is_use: bool) -> Live | None:
        return self.accounts.sessions.live(token, at=self.services.clock(), is_use=is_use)


_served: Served | None = None


def configure(served: Served) -> None:
    """Set what this process serves."""
    global _served
    _served = served


def configured() -> Served:
    """Return what this process serves; raise NotConfigured before ``configure``."""
    if _served is None:
        raise NotConfigured
    return _served
