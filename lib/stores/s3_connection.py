"""What everything that asks one bucket shares: the client, its threads, and whether a 404 can be believed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from typing import Any, TypeVar

from lib import keys as key_rules
from lib.objects import Doubt, ObjectUnavailable
from lib.stores import s3_client, s3_faults, s3_heads
from lib.stores.s3_config import S3Config

LISTING_TTL_S = 30.0  # a bucket that goes away meanwhile answers 404 too
DOWNLOADS = 4  # at once: previews and strangers, apart from the questions

T = TypeVar("T")


class S3Connection:
    """One bucket's client and threads. Thread-safe; touches no network until it is asked.

    A call that hangs beyond every timeout keeps one of 8 (questions) or 4 (bytes) threads; nobody waits for it.
    """

    def __init__(self, config: S3Config) -> None:
        self.config = config
        self.client = s3_client.connect(config)
        self.questions = ThreadPoolExecutor(s3_client.THREADS, thread_name_prefix="s3-head")
        self.downloads = ThreadPoolExecutor(DOWNLOADS, thread_name_prefix="s3-read")
        self._listed_at: dict[str, float] = {}  # prefix -> when a LIST under it worked

    def download(self, key: str, read: Callable[[], T], *, timeout_s: float) -> T:
        """Return what ``read`` makes of the key's bytes; raise ObjectUnavailable, with doubt None where it is absent."""
        if key_rules.impossible(key):
            raise ObjectUnavailable(Doubt.IMPOSSIBLE_KEY)
        deadline = time.monotonic() + timeout_s
        try:
            return within(deadline, self.downloads.submit(read))
        except NotInTime as error:
            raise ObjectUnavailable(Doubt.TIMED_OUT) from error
        except s3_faults.DRIVER_ERRORS as error:
            if s3_faults.is_missing(error):
                raise ObjectUnavailable(self.listing_doubt(self.place(key), deadline=deadline)) from error
            raise ObjectUnavailable(s3_faults.doubt_of(error)) from error

    def place(self, key: str) -> str:
        """Return the prefix whose listing judges a 404 of this key: the location for what lies below it, else all.

        Credentials that may list one folder only may be told 404 of whatever lies elsewhere.
        """
        prefix = key_rules.prefix_of(self.config.location)
        return prefix if key.startswith(prefix) else ""

    def listing_doubt(self, prefix: str, *, deadline: float) -> Doubt | None:
        """Return None while a LIST under the prefix works (asked twice a minute at most), else why it does not."""
        listed_at = self._listed_at.get(prefix)
        if listed_at is not None and time.monotonic() - listed_at < LISTING_TTL_S:
            return None
        try:
            reply = within(deadline, self.questions.submit(self._list_one, prefix))
        except NotInTime:
            return Doubt.TIMED_OUT
        except s3_faults.DRIVER_ERRORS as error:
            doubt = s3_faults.doubt_of_listing(error)
            return Doubt.NO_LISTING if doubt in {Doubt.DENIED, Doubt.OTHER} else doubt
        if not s3_heads.is_listing(reply, bucket=self.config.bucket):
            return Doubt.NOT_S3
        self._listed_at[prefix] = time.monotonic()
        return None

    def _list_one(self, prefix: str) -> Mapping[str, Any]:
        reply: Mapping[str, Any] = self.client.list_objects_v2(
            Bucket=self.config.bucket, Prefix=prefix, MaxKeys=1, EncodingType="url"
        )
        return reply


def within(deadline: float, future: Future[T]) -> T:
    """Return the result, or raise NotInTime at the deadline; what did not start by then never does."""
    try:
        return future.result(timeout=max(0.0, deadline - time.monotonic()))
    except NotInTime:
        future.cancel()
        raise
