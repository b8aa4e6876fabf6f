"""One S3 bucket, asked with boto3. Written against Ceph RGW (DigitalOcean Spaces); never writes."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import TimeoutError as NotInTime
from concurrent.futures import as_completed
from contextlib import closing
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from botocore import exceptions

from lib import keys as key_rules
from lib.objects import Disposition, Doubt, Fetched, ObjectUnavailable, Observation, Presence
from lib.stores import s3_faults, s3_heads, s3_stranger
from lib.stores.s3_config import S3Config
from lib.stores.s3_connection import S3Connection, within
from lib.stores.s3_heads import Answer

__all__ = ["S3Config", "S3Objects"]

DOWNLOAD_TIMEOUT_S = 60.0


class S3Objects:
    """An ObjectStore on one bucket. Its ``connection`` may be shared with an S3Lister."""

    def __init__(self, config: S3Config, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.connection = S3Connection(config)
        self._config = config
        self._clock = clock
        self._client = self.connection.client

    def head(self, keys: Sequence[str], *, budget: timedelta) -> Mapping[str, Observation]:
        """Observe each key.

        1. Impossible keys are answered without a request.
        2. The others are asked, 8 at once; the first fault of the connection stops those that did not start.
        3. 404s are judged by a LIST of one key, 403s by the code that a GET of one byte teaches.
        4. What the budget did not reach is TIMED_OUT.
        """
        deadline = time.monotonic() + budget.total_seconds()
        unique = tuple(dict.fromkeys(keys))
        answers = self._ask_all([key for key in unique if not key_rules.impossible(key)], deadline=deadline)
        refusal = self._learn_refusal(answers, deadline=deadline)
        places = {self.connection.place(key) for key, answer in answers.items() if answer.is_missing}
        listing = {place: self.connection.listing_doubt(place, deadline=deadline) for place in places}
        observed = {
            key: s3_heads.observation(key, answer, refusal=refusal, listing=listing.get(self.connection.place(key)))
            for key, answer in answers.items()
        }
        return {key: observed.get(key) or self._not_asked(key) for key in unique}

    def read(self, key: str, *, limit_bytes: int) -> bytes:
        """Return the object's bytes, within a minute."""
        return self.connection.download(key, lambda: self._read(key, limit_bytes), timeout_s=DOWNLOAD_TIMEOUT_S)

    def presign(self, key: str, *, expires: timedelta, filename: str, disposition: Disposition) -> str:
        """Return a SigV4 GET link; raise ObjectUnavailable where none can be made. Checks no bounds."""
        if key_rules.impossible(key):
            raise ObjectUnavailable(Doubt.IMPOSSIBLE_KEY)
        wanted = {
            "Bucket": self._config.bucket,
            "Key": key,
            "ResponseContentType": "application/pdf",
            "ResponseContentDisposition": content_disposition(disposition, filename),
        }
        try:
            url: str = self._client.generate_presigned_url(
                "get_object", Params=wanted, ExpiresIn=int(expires.total_seconds())
            )
        except exceptions.BotoCoreError as error:
            raise ObjectUnavailable(s3_faults.doubt_of(error)) from error
        return url

    def plain_url(self, key: str) -> str:
        """Return the unsigned address: a signed link without its query, so that both spell host and key alike."""
        url = self.presign(key, expires=timedelta(seconds=1), filename="", disposition=Disposition.INLINE)
        return urlsplit(url)._replace(query="").geturl()

    def fetch_as_stranger(self, url: str, *, first_bytes: int) -> Fetched:
        """GET the first bytes of an address; an error page is read up to 4 KiB."""
        deadline = time.monotonic() + self._config.stranger_timeout_s

        def fetch() -> Fetched:
            left_s = max(0.1, deadline - time.monotonic())
            return s3_stranger.fetch(url, first_bytes=first_bytes, timeout_s=left_s, ca_bundle=self._config.ca_bundle)

        try:
            return within(deadline, self.connection.downloads.submit(fetch))
        except NotInTime:
            return s3_stranger.nothing(Doubt.TIMED_OUT)

    def _ask_all(self, wanted: Sequence[str], *, deadline: float) -> dict[str, Answer]:
        halted: list[Answer] = []
        asked = {self.connection.questions.submit(self._ask, key, halted): key for key in wanted}
        answers: dict[str, Answer] = {}
        try:
            for future in as_completed(asked, timeout=max(0.0, deadline - time.monotonic())):
                answers[asked[future]] = future.result()
        except NotInTime:
            for future in asked:
                future.cancel()
        return answers

    def _ask(self, key: str, halted: list[Answer]) -> Answer:
        if halted:
            return halted[0]
        try:
            answer = Answer(self._clock(), reply=self._client.head_object(Bucket=self._config.bucket, Key=key))
        except s3_faults.DRIVER_ERRORS as error:
            answer = Answer(self._clock(), error=error)
        if answer.stops_the_batch:
            halted.append(answer)
        return answer

    def _not_asked(self, key: str) -> Observation:
        doubt = Doubt.IMPOSSIBLE_KEY if key_rules.impossible(key) else Doubt.TIMED_OUT
        return Observation(key, Presence.UNKNOWN, self._clock(), doubt)

    def _learn_refusal(self, answers: Mapping[str, Answer], *, deadline: float) -> Doubt | None:
        """Return what the first refusal of a batch means; None where no HEAD was refused or nothing was learnt."""
        key = next((key for key, answer in answers.items() if answer.is_unsaid), None)
        if key is None:
            return None
        try:
            within(deadline, self.connection.questions.submit(self._first_byte, key))
        except NotInTime:
            return None
        except s3_faults.DRIVER_ERRORS as error:
            doubt = s3_faults.doubt_of(error)
            return None if doubt is Doubt.OTHER else doubt
        return None

    def _first_byte(self, key: str) -> None:
        self._client.get_object(Bucket=self._config.bucket, Key=key, Range="bytes=0-0")["Body"].close()

    def _read(self, key: str, limit_bytes: int) -> bytes:
        reply = self._client.get_object(Bucket=self._config.bucket, Key=key)
        with closing(reply["Body"]) as body:
            if not s3_heads.is_object(reply):
                raise ObjectUnavailable(Doubt.NOT_S3)
            size = reply.get("ContentLength", 0)
            content: bytes = body.read(limit_bytes + 1) if size <= limit_bytes else b""
        if max(size, len(content)) > limit_bytes:
            raise OverflowError(f"more than {limit_bytes} bytes")
        if len(content) < size:
            raise ObjectUnavailable(Doubt.UNREACHABLE)  # cut on the way
        return content


def content_disposition(disposition: Disposition, filename: str) -> str:
    """Return the header in both forms of RFC 6266: a plain ASCII name, and the real one in UTF-8.

    >>> print(content_disposition(Disposition.INLINE, "prescription_7_v1.pdf"))
    inline; filename="prescription_7_v1.pdf"; filename*=UTF-8''prescription_7_v1.pdf
    >>> print(content_disposition(Disposition.ATTACHMENT, 'Zoë "1".pdf'))
    attachment; filename="Zoe _1_.pdf"; filename*=UTF-8''Zo%C3%AB%20_1_.pdf
    """
    safe = re.sub(r'[\x00-\x1f\x7f"\\/]', "_", filename)
    plain = unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode("ascii")
    if not plain or plain.startswith("."):
        plain = f"file{plain}"
    real = quote(safe or plain, safe="", errors="replace")
    return f"{disposition.value}; filename=\"{plain}\"; filename*=UTF-8''{real}"
