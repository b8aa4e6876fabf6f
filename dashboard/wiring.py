"""Settings -> Services: the only place that picks a store. The process's one set of services lives here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from dashboard import audit_wiring
from dashboard.visit import SignedOut
from lib import locking, sign_in
from lib.access import Actor, Role, Scope
from lib.accounts import Accounts
from lib.exposure import Samples
from lib.federated_sign_in import Federation
from lib.locking import Locks
from lib.objects import PresenceCache
from lib.passwords import Hasher
from lib.services import Services
from lib.sessions import Held, Lifetimes, Live, Locked, Sessions
from lib.settings import Settings
from lib.stores import ledger_db, ledger_engine, ledger_migration, records_db
from lib.stores.ledger_flows import LedgerFlows
from lib.stores.ledger_people import LedgerPasswordLinks, LedgerPeople
from lib.stores.ledger_pins import LedgerPins
from lib.stores.ledger_sessions import LedgerSessions, LedgerThrottle
from lib.stores.oidc import OidcConfig, OidcProvider
from lib.stores.s3 import S3Objects
from lib.stores.s3_listing import S3Lister
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
    objects = S3Objects(audit_wiring.s3_config(settings))
    return Services(
        records=records_db.connect(settings.database_url.get_secret_value()),
        objects=objects,
        lister=S3Lister(objects.connection),
        presence=PresenceCache(),
        trail=_trail(settings),
        rules=settings.rules,
        policy=settings.policy,
        zone=settings.zone,
        phone_region=settings.phone_region,
        bucket=settings.bucket,
        endpoint_url=settings.endpoint_url,
        region=settings.region,
        clock=clock,
        is_demo=is_demo,
        exposure=Samples(),
        audits=audit_wiring.desk(settings),
    )


def accounts(settings: Settings, *, trail: Trail) -> Accounts:
    """Return the accounts of these settings, written down in this trail. Touches no network."""
    engine = ledger_engine.make(settings.ledger_url.get_secret_value())
    return Accounts(
        people=LedgerPeople(engine),
        sessions=Sessions(LedgerSessions(engine), lifetimes=Lifetimes(lock=settings.lock_after)),
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


def locks(settings: Settings, accounts: Accounts) -> Locks:
    """Return what locks and unlocks the sessions of these accounts. Touches no network."""
    return Locks(accounts, LedgerPins(ledger_engine.make(settings.ledger_url.get_secret_value())))


def migrate(settings: Settings) -> None:
    """Bring our own database up to date; raise LedgerUnavailable."""
    ledger_migration.migrate(settings.ledger_url.get_secret_value())
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
    puzzles: Examples = ()
    public_url: str = ""

    def who(self, token: str) -> tuple[Actor, Scope]:
        """Return who acts under this token, as they are now; raise SignedOut, LedgerUnavailable."""
        live = self.session(token)
        return live.actor, live.person.scope

    def session(self, token: str) -> Live:
        """Return this token's open session and its person, as they are now; raise SignedOut, LedgerUnavailable.

        Asking is no use of it: a script also runs when a connection comes back. What the person touches is
        (``assets/watch.js``).
        """
        held = self._held(token)
        if not isinstance(held, Live):
            raise SignedOut(is_locked=isinstance(held, Locked))
        return held

    def sign_out(self, token: str) -> None:
        """End this token's session, if it lives; raise LedgerUnavailable."""
        held = self._held(token)
        if held is not None:
            sign_in.sign_out(self.accounts, held, at=self.services.clock())

    def lock(self, token: str) -> None:
        """Lock this token's session, if it is open; raise LedgerUnavailable."""
        held = self._held(token)
        if isinstance(held, Live):
            locking.lock(self.accounts, held, at=self.services.clock())

    def _held(self, token: str) -> Held | None:
        return self.accounts.sessions.held(token, at=self.services.clock())


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
