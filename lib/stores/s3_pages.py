"""All of a bucket, page by page, without boto3, which takes a hundred times as long and believes half a page.

Each page is checked before anything is made of it (``s3_page_parser``, ``_checked``), and asked for again within a
budget where it fails.
"""

from __future__ import annotations

import random
import re
import time
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from lib.bucket_pages import ListingBroken, ObjectPage, Turn
from lib.objects import Doubt
from lib.stores import s3_codes, s3_page_parser
from lib.stores.s3_config import S3Config
from lib.stores.s3_list_signer import ListSigner
from lib.stores.s3_page_parser import ParsedPage
from lib.stores.s3_page_xml import NotAListing
from lib.stores.s3_wire import Answer, Wire

READ_TIMEOUT_S = 10.0
BUDGET_S = 60.0  # for one page
FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 5.0
KEY_BYTES = 1024  # no object's key is longer, so that nothing lies between a longer one and what it begins with
PASSING = frozenset({429, 500, 502, 503, 504})  # statuses: a moment later it may be otherwise
_CODE = re.compile(rb"<Code>(\w{1,64})</Code>")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a page is asked for, and by which clock: a test's needs no time."""

    budget_s: float = BUDGET_S
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random  # 0 to 1


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page begins: behind ``token`` where there is one, and always behind ``after``."""

    prefix: bytes
    after: bytes
    token: str | None = None


@dataclass(frozen=True, slots=True)
class _Failed:
    """Why a request taught nothing."""

    doubt: Doubt
    is_final: bool = False
    unsorted: tuple[bytes, ...] = ()  # the keys of a whole page that was not in order


class S3Pages:
    """A BucketPages on one bucket. Thread-safe; touches no network until it is asked."""

    def __init__(
        self,
        config: S3Config,
        *,
        read_timeout_s: float = READ_TIMEOUT_S,
        patience: Patience | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._bucket = config.bucket
        self._has_credentials = bool(config.access_key_id and config.secret_access_key)
        self._signer = ListSigner(config)
        self._wire = Wire(config, self._signer.address, read_timeout_s=read_timeout_s)
        self._patience = patience or Patience()
        self._clock = clock

    def pages(
        self, *, prefix: bytes = b"", after: bytes = b"", until: bytes | None = None, turn: Turn | None = None
    ) -> Generator[ObjectPage, None, None]:
        """Yield the objects below ``prefix`` whose keys are above ``after`` and not above ``until``."""
        turn = turn or Turn()
        with turn.taken():
            yield from self._pages(prefix, after, until, turn)

    def _pages(self, prefix: bytes, after: bytes, until: bytes | None, turn: Turn) -> Iterator[ObjectPage]:
        place, reached, requests = _Place(prefix, after), None, 0
        passed: set[str] = set()  # tokens of empty pages in a row
        while True:
            page, tried = self._page(place, turn, reached=reached, requests=requests)
            requests += tried
            keys, lines = page.keys, page.lines
            is_last = page.token is None
            if until is not None and keys and keys[-1] >= until:
                cut = bisect_right(keys, until)
                keys, lines, is_last = keys[:cut], lines[:cut], True
            if is_last:
                yield ObjectPage(lines, keys, None, requests, page.modified)
                return
            if keys:
                reached = keys[-1]
                place = _Place(prefix, reached, page.token or None)
                passed.clear()
                yield ObjectPage(lines, keys, reached, requests, page.modified)
                requests = 0
            elif page.token and page.token not in passed:
                # An empty page that is not the last: what lies there was deleted, or is hidden.
                passed.add(page.token)
                place = _Place(prefix, place.after, page.token)
            else:
                raise ListingBroken(Doubt.OTHER, reached=reached, requests=requests)

    def _page(self, place: _Place, turn: Turn, *, reached: bytes | None, requests: int) -> tuple[ParsedPage, int]:
        """Return a page that holds, and how many requests it took; raise ListingBroken once the budget is spent."""
        if not self._has_credentials:
            raise ListingBroken(Doubt.NO_CREDENTIALS, reached=reached, requests=requests)
        patience, tried, wait = self._patience, 0, FIRST_WAIT_S
        deadline = patience.monotonic() + patience.budget_s
        unsorted: tuple[bytes, ...] = ()
        while True:
            found = self._ask(place, turn, seconds=deadline - patience.monotonic())
            tried += 1
            if isinstance(found, ParsedPage):
                return found, tried
            is_out_of_order = bool(found.unsorted) and found.unsorted == unsorted
            pause = wait * (0.5 + patience.jitter() / 2)
            if found.is_final or is_out_of_order or patience.monotonic() + pause >= deadline:
                raise ListingBroken(
                    found.doubt, reached=reached, requests=requests + tried, is_out_of_order=is_out_of_order
                )
            with turn.away():
                patience.sleep(pause)
            wait, unsorted = min(wait * 2, LONGEST_WAIT_S), found.unsorted

    def _ask(self, place: _Place, turn: Turn, *, seconds: float) -> ParsedPage | _Failed:
        token = None if place.token is None else place.token.encode()
        after = place.after[:KEY_BYTES]
        target = self._signer.target(prefix=place.prefix, after=after, token=token, at=self._clock())
        with turn.away():
            answer = self._wire.get(target, host=self._signer.host, seconds=seconds)
        if answer.doubt is not None:
            return _Failed(answer.doubt, is_final=answer.is_final)
        if answer.status != 200:
            return _refused(answer)
        return self._checked(answer, place)

    def _checked(self, answer: Answer, place: _Place) -> ParsedPage | _Failed:
        """Return the page of an answer that is S3's, of our bucket, and continues in order what was there before."""
        if not s3_codes.is_s3(answer.headers):
            return _Failed(Doubt.NOT_S3)
        try:
            page = s3_page_parser.parse(answer.body)
        except NotAListing:
            return _Failed(Doubt.OTHER if b"<ListBucketResult" in answer.body else Doubt.NOT_S3)
        if page.bucket != self._bucket:
            return _Failed(Doubt.NOT_S3)
        if not page.is_ascending:
            return _Failed(Doubt.OTHER, unsorted=tuple(page.keys))
        # In order, so that what holds of the first and the last key holds of all between.
        ends = page.keys[:1] + page.keys[-1:]
        if ends and ends[0] <= place.after:
            is_next = place.token is not None and ends[-1] != place.after  # else it is the page before, once more
            return _Failed(Doubt.OTHER, unsorted=tuple(page.keys) if is_next else ())
        if not all(key.startswith(place.prefix) for key in ends):
            return _Failed(Doubt.OTHER)
        return page


def _refused(answer: Answer) -> _Failed:
    code = _CODE.search(answer.body)
    doubt = s3_codes.doubt_of_listing(code[1].decode() if code else "", status=answer.status, headers=answer.headers)
    return _Failed(doubt, is_final=answer.status not in PASSING and doubt is not Doubt.THROTTLED)
