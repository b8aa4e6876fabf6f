"""What a broken stored key may have been meant to say: the repairs, composed breadth-first within a bound. Pure.

Nothing here says that an object exists.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from lib.catalogue import Code
from lib.keys import Rules, former_prefixes, resolve
from lib.repairs import REPAIRS, prefixes

MAX_STEPS = 3  # mistakes on top of one another
MAX_SPELLINGS = 120
MAX_TEXT = 4096  # characters that are looked at; a column holds 100
_WRITING = frozenset(  # what ``inventory.form`` undoes
    {
        Code.PERCENT_ENCODED,
        Code.DOUBLE_ENCODED,
        Code.PLUS_FOR_SPACE,
        Code.UNICODE_FORM,
        Code.CASE,
        Code.DOUBLE_SLASH,
        Code.BACKSLASH,
    }
)


@dataclass(frozen=True, slots=True)
class Spelling:
    """A text that may have been meant, and the mistakes that were undone to get there, the outermost first."""

    text: str
    undone: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True)
class Guess:
    """An object key that may be the right one. ``undone`` is empty for the resolved key itself."""

    key: str
    undone: tuple[Code, ...]
    is_rewritten: bool = False  # the last repair changed only how the text is written; the one without it came before


def spellings(stored: str, rules: Rules) -> Iterator[Spelling]:
    """Yield the stored key and what it may have been meant to say, the fewest mistakes first.

    1. Begin with the text as it is.
    2. Apply every repair to every text that is not yet MAX_STEPS repairs away; keep what is new.
    3. Stop at MAX_SPELLINGS.

    >>> rules = Rules("loc", "bucket", previous_locations=("old",))
    >>> next(each for each in spellings("old/my%20rx.pdf\\n", rules) if each.text == "my rx.pdf").undone
    (<Code.WHITESPACE: 'WHITESPACE'>, <Code.LOCATION_OLD: 'LOCATION_OLD'>, <Code.PERCENT_ENCODED: 'PERCENT_ENCODED'>)
    """
    first = Spelling(stored[:MAX_TEXT])
    yield first
    known, waiting = {first.text}, deque([first])
    while waiting:
        spelling = waiting.popleft()
        if len(spelling.undone) == MAX_STEPS:
            return
        for repair in REPAIRS:
            for code, text in repair(spelling.text, rules):
                if not text or text in known:
                    continue
                known.add(text)
                after = Spelling(text, _with(spelling.undone, code))
                yield after
                waiting.append(after)
                if len(known) == MAX_SPELLINGS:
                    return


def guesses(stored: str, rules: Rules) -> Iterator[Guess]:
    """Yield object keys that the stored key may mean, the fewest mistakes first; the first is the resolved key."""
    known: set[str] = set()
    for spelling in spellings(stored, rules):
        for code, key in places(spelling.text, rules):
            if key not in known:
                known.add(key)
                undone = spelling.undone if code is None else (*spelling.undone, code)
                yield Guess(key, undone, not _WRITING.isdisjoint(spelling.undone[-1:]))


def places(text: str, rules: Rules) -> Iterator[tuple[Code | None, str]]:
    """Yield where in the bucket an object of this name may lie: where the signer asks, then where uploads went astray.

    >>> [key for _, key in places("a.pdf", Rules("loc", "bucket", previous_locations=("old",)))]
    ['loc/a.pdf', 'a.pdf', 'loc/loc/a.pdf', 'old/a.pdf']
    """
    yield None, resolve(text, location=rules.location)
    prefix = rules.prefix
    rest = text.removeprefix(prefix)
    if prefix and rest:
        is_twice = rest.startswith(prefix)
        known = Code.LOCATION_DOUBLED_IN_URL if is_twice else next((code for code, _ in prefixes(rest, rules)), None)
        yield known or Code.LOCATION_NONE_AT_ROOT, rest
        yield Code.LOCATION_DOUBLED_IN_BUCKET, prefix + prefix + rest.removeprefix(prefix)
    for former in former_prefixes(rules):
        if not text.startswith(former):
            yield Code.LOCATION_OLD, former + rest


def misspellings(key: str, rules: Rules) -> tuple[str, ...]:
    """Return what a row may hold that means this object and does not resolve to it: one mistake each.

    An address with its signature is not among them: the column is too short for one.

    >>> rules = Rules("loc", "bucket", url_hosts=("h.test",))
    >>> {"https://h.test/bucket/loc/a.pdf", "s3://bucket/loc/a.pdf", "/loc/a.pdf", "a.pdf "} <= set(
    ...     misspellings("loc/a.pdf", rules)
    ... )
    True
    """
    starts = ("", rules.prefix, *former_prefixes(rules))
    names = dict.fromkeys(key.removeprefix(start) for start in starts)
    found = [
        text
        for name in names
        if name
        for text in (
            *(name, f"/{name}", f" {name}", f"{name} ", f"{name}\n", f"{name}\r\n"),
            *(
                quote(name, errors="surrogatepass"),
                quote(name, safe="", errors="surrogatepass"),
                name.replace("/", "\\"),
                name.lower(),
            ),
            *(f"{rules.bucket}/{name}", f"/{rules.bucket}/{name}", f"s3://{rules.bucket}/{name}"),
        )
    ]
    for host in rules.url_hosts:
        found += [
            f"{scheme}://{host}/{path}"
            for scheme in ("https", "http")
            for path in (
                key,
                quote(key, errors="surrogatepass"),
                f"{rules.bucket}/{key}",
                f"{rules.bucket}/{quote(key, errors='surrogatepass')}",
            )
        ]
    return tuple(dict.fromkeys(found))


def went_astray(key: str, rules: Rules) -> Iterator[tuple[Code, str]]:
    """Yield how an object may have got to this key, and where it would lie otherwise.

    >>> [str(home) for _, home in went_astray("staging/loc/loc/a.pdf", Rules("loc", "bucket"))]
    ['loc/loc/a.pdf', 'loc/a.pdf']
    """
    if key.startswith("/"):
        yield Code.LEADING_SLASH, key.lstrip("/")
    prefix = rules.prefix
    for code, home in prefixes(prefix + key, rules):
        if code is Code.ENVIRONMENT_PREFIX:
            yield code, home
            key = home
            break
    doubled = False
    while prefix and key.startswith(prefix + prefix):
        key, doubled = key.removeprefix(prefix), True
    if doubled:
        yield Code.LOCATION_DOUBLED_IN_BUCKET, key


def _with(undone: tuple[Code, ...], code: Code) -> tuple[Code, ...]:
    if code is Code.PERCENT_ENCODED and Code.PERCENT_ENCODED in undone:
        return (*(each for each in undone if each is not Code.PERCENT_ENCODED), Code.DOUBLE_ENCODED)
    return (*undone, code)
