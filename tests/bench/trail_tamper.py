"""Random tamperings of random trails, all to be found, and honest trails, none to be blamed.

``python -m tests.bench.trail_tamper --tamperings 1000 --honest 100``

The trails are written by the real store into a real SQLite file and a real PostgreSQL; some began before there
were MACs, some were pruned, and anchors were taken on the way. Somebody then writes the tables as they like:
with the triggers gone, knowing the whole code and every hash, and not knowing the key.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

from sqlalchemy import Engine, create_engine, delete, insert, text
from sqlalchemy.pool import NullPool

from lib import retention
from lib.access import Actor, Role, Scope
from lib.chain import DRAFT_COLUMNS, cut_reason
from lib.stores import ledger_db, ledger_migration
from lib.stores.ledger_tables import TRAIL
from lib.stores.memory.trail import MemoryTrail
from lib.trail import GENESIS, Anchor, Broken, Cut, Draft, Intact, Trail, TrailEvent, seal, verify
from tests.parts import postgres as postgres_part

KEY = b"m" * 32
AT = datetime(2026, 1, 1, tzinfo=UTC)
ASHA = Actor("cli:asha", Role.OPERATOR)
TEXTS = ("", "bilal", "chitra", "नमस्ते", "a\nb", '","', "null", "\u202e", "CLN1", "0" * 64, "💊" * 50)

Rows = list[TrailEvent]


@dataclass(frozen=True)
class Honest:
    """A trail that nobody touched, and the anchors that were taken while it grew."""

    rows: Rows
    anchors: list[Anchor]


@dataclass
class Score:
    """What a campaign found."""

    honest: int = 0
    false_alarms: int = 0
    tried: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)

    @property
    def missed(self) -> int:
        """How many tamperings were not found."""
        return self.tried.total() - self.found.total()


def draft(rng: random.Random, day: int) -> Draft:
    """Return an event with odd values in every column."""
    text = lambda: rng.choice(TEXTS)  # noqa: E731
    maybe = lambda: rng.choice((None, *TEXTS))  # noqa: E731
    at = AT + timedelta(days=day, microseconds=rng.randrange(10**9))
    number = rng.choice((None, 0, -1, 7, 2**63 - 1))
    ends = rng.choice((None, at + timedelta(hours=1)))
    act, result = rng.choice(("search", "link", "preview")), rng.choice(("intent", "ok", "refused:X"))
    columns = (at, text(), text(), text(), act, number, maybe(), maybe(), maybe(), ends, maybe(), result, text())
    return Draft(*columns, address=maybe(), session_hash=maybe(), actor_clinic=maybe())


def grow(url: str, rng: random.Random) -> Honest:
    """Write a trail through the store, as a dashboard does over the years."""
    day, anchors = 0, []
    if rng.random() < 0.3:
        before = ledger_db.connect(url)
        for day in range(rng.randint(1, 6)):
            before.append(replace(draft(rng, day), address=None, session_hash=None, actor_clinic=None))
    store = ledger_db.connect(url, mac_key=KEY)
    trail = Trail(store, key_secret=b"k" * 32)
    trail.begin_macs(ASHA, Scope(), at=AT + timedelta(days=day))
    for _ in range(rng.randint(1, 4)):
        for _ in range(rng.randint(2, 12)):
            day += 1
            store.append(draft(rng, day))
        if rng.random() < 0.3:
            now, old = AT + timedelta(days=day), AT + timedelta(days=rng.randint(0, day))
            retention.prune(ASHA, Scope(), trail=trail, clock=lambda now=now: now, before=old)  # type: ignore[misc]
        (end,) = store.newest(limit=1)
        anchors.append(Anchor(end.sequence, end.hash, end.at))
    return Honest(list(store.events()), anchors)


def forged(rng: random.Random, name: str, old: object) -> object:
    """Return another value for a column."""
    choices: tuple[object, ...] = TEXTS
    if name == "at" or (name == "expires_at" and old is not None):
        return rng.choice((AT, AT + timedelta(microseconds=1), AT + timedelta(days=4000)))
    if name == "expires_at":
        return AT
    if name == "record_id":
        choices = (None, 0, 1, 7, 8, -5)
    elif name in {"hash", "previous_hash", "mac"}:
        choices = ("f" * 64, GENESIS, "")
    elif name in {"patient_id", "clinic_id", "key_hmac", "reason", "address", "session_hash", "actor_clinic"}:
        choices = (None, *TEXTS)
    return rng.choice([value for value in choices if value != old])


def edit(rng: random.Random, rows: Rows) -> Rows:
    """Change one column of one event."""
    at, name = rng.randrange(len(rows)), rng.choice([*DRAFT_COLUMNS, "previous_hash", "hash", "mac"])
    changed = replace(rows[at], **{name: forged(rng, name, getattr(rows[at], name))})  # type: ignore[arg-type]
    return [*rows[:at], changed, *rows[at + 1 :]]


def remove(rng: random.Random, rows: Rows) -> Rows:
    """Take events out, but not the last, and close the gap or leave it."""
    first = rng.randrange(len(rows) - 1)
    last = rng.randrange(first, len(rows) - 1)
    rest = [*rows[:first], *rows[last + 1 :]]
    return numbered(rest, rows[0].sequence) if rng.random() < 0.5 else rest


def add(rng: random.Random, rows: Rows) -> Rows:
    """Put an event of one's own anywhere, also at the end."""
    at = rng.randrange(len(rows) + 1)
    previous = rows[at - 1].hash if at else rows[0].previous_hash
    mac_key = rng.choice((None, b"guess" * 8))
    made = seal(draft(rng, rng.randrange(9)), sequence=rows[0].sequence + at, previous_hash=previous, key=mac_key)
    return numbered([*rows[:at], made, *rows[at:]], rows[0].sequence)


def swap(rng: random.Random, rows: Rows) -> Rows:
    """Let two events change places."""
    one, other = rng.sample(range(len(rows)), 2)
    done = list(rows)
    done[one], done[other] = rows[other], rows[one]
    return numbered(done, rows[0].sequence)


def numbered(rows: Rows, first: int) -> Rows:
    return [replace(row, sequence=first + place) for place, row in enumerate(rows)]


def rehashed(change: Callable[[random.Random, Rows], Rows]) -> Callable[[random.Random, Rows], Rows]:
    """Let somebody compute every hash anew after the change, with MACs that are guessed, kept, or left out."""

    def act(rng: random.Random, rows: Rows) -> Rows:
        rows, how = change(rng, rows), rng.choice(("guess", "keep", "none"))
        done: Rows = []
        for place, row in enumerate(rows):
            columns = {name: getattr(row, name) for name in DRAFT_COLUMNS}
            end = done[-1].hash if done else rows[0].previous_hash
            made = seal(
                Draft(**columns),
                sequence=rows[0].sequence + place,
                previous_hash=end,
                key=None if how == "none" else b"guess" * 8,
            )
            done.append(replace(made, mac=row.mac) if how == "keep" and row.mac else made)
        return done

    return act


def false_prune(rng: random.Random, rows: Rows) -> Rows:
    """Take the oldest away and explain it with a prune of one's own."""
    at = rng.randrange(1, len(rows))
    cut = Cut(at, rows[at].sequence - 1, rows[at].previous_hash)
    says = Draft(AT, "cli:asha", "operator", "all", "prune", *[None] * 5, cut_reason(cut, before=AT), "ok", "x")
    return [*rows[at:], seal(says, sequence=rows[-1].sequence + 1, previous_hash=rows[-1].hash, key=b"guess" * 8)]


def cut_tail(rng: random.Random, rows: Rows) -> Rows:
    """Take the newest away."""
    return rows[: rng.randrange(len(rows))]


def rollback(rng: random.Random, rows: Rows) -> Rows:
    """Restore a backup, in which the dashboard then goes on."""
    backup = MemoryTrail(mac_key=KEY)
    backup.rows = rows[: rng.randrange(len(rows))]
    for _ in range(rng.randint(1, 2 * len(rows))):
        backup.append(draft(rng, 500))
    return backup.rows


KINDS: dict[str, Callable[[random.Random, Rows], Rows]] = {
    "edit": edit,
    "delete": remove,
    "insert": add,
    "swap": swap,
    "edit, rehashed": rehashed(edit),
    "delete, rehashed": rehashed(remove),
    "insert, rehashed": rehashed(add),
    "swap, rehashed": rehashed(swap),
    "false prune": false_prune,
    "cut": cut_tail,
    "rollback": rollback,
}
NEEDS_ANCHOR = {"cut", "rollback"}


def campaign(new_url: Callable[[], str], *, seed: int, tamperings: int, honest: int, score: Score) -> None:
    """Grow so many honest trails, and tamper with them so often in all. Adds to the score."""
    rng = random.Random(seed)
    kinds = cycle(KINDS)
    for number in range(honest):
        url = new_url()
        ledger_migration.migrate(url)
        grown = grow(url, rng)
        reading = ledger_db.connect(url)
        score.honest += 1
        for anchor in (None, *grown.anchors):
            for key in (KEY, None):
                score.false_alarms += not isinstance(verify(reading.events(), key=key, anchor=anchor), Intact)
        engine = create_engine(url, poolclass=NullPool)
        drop_triggers(engine)
        share = tamperings * (number + 1) // honest - tamperings * number // honest
        for _ in range(share):
            kind = next(kinds)
            tamper(kind, grown, rng, engine=engine, reading=reading, score=score)


def tamper(
    kind: str, grown: Honest, rng: random.Random, *, engine: Engine, reading: ledger_db.LedgerDb, score: Score
) -> None:
    """Write what somebody made of an honest trail over it, and see whether that is found."""
    made = KINDS[kind](rng, grown.rows)
    while made == grown.rows:
        made = KINDS[kind](rng, grown.rows)
    with engine.begin() as connection:
        connection.execute(delete(TRAIL))
        if made:
            connection.execute(insert(TRAIL), [asdict(row) for row in made])
    anchor = grown.anchors[-1] if kind in NEEDS_ANCHOR else None
    checked = verify(reading.events(), key=KEY, anchor=anchor)
    score.tried[kind] += 1
    score.found[kind] += isinstance(checked, Broken)


def drop_triggers(engine: Engine) -> None:
    """Take away what a forger with the owner's password takes away first."""
    if engine.dialect.name == "sqlite":
        names = ("trail_no_update", "trail_no_delete", "trail_at_its_end", "trail_with_mac")
        statements = [f"DROP TRIGGER {name}" for name in names]
    else:
        statements = [f"DROP TRIGGER {name} ON trail" for name in ("trail_append_only", "trail_at_its_end")]
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def main() -> None:
    """Run the campaign, three quarters on SQLite and one on PostgreSQL, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tamperings", type=int, default=1000)
    parser.add_argument("--honest", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    score = Score()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        place = stack.enter_context(tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True))
        server = postgres_part.start(Path(place) / "data")
        stack.callback(server.close)
        files = (f"sqlite:///{folder}/{number}.sqlite3" for number in range(chosen.honest))
        quarter = (chosen.tamperings // 4, chosen.honest // 4)
        for new_url, tamperings, honest in (
            (files.__next__, chosen.tamperings - quarter[0], chosen.honest - quarter[1]),
            (lambda: server.url(server.new_database()), *quarter),
        ):
            campaign(new_url, seed=chosen.seed, tamperings=tamperings, honest=honest, score=score)
    for kind, tried in score.tried.items():
        print(f"  {kind}: {score.found[kind]} of {tried} found")
    print(f"{score.found.total()} of {score.tried.total()} tamperings found, {score.missed} missed (expect 0)")
    print(f"{score.false_alarms} false alarms on {score.honest} honest trails (expect 0)")
    raise SystemExit(1 if score.missed or score.false_alarms else 0)


if __name__ == "__main__":
    main()
