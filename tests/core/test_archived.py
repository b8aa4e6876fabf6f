"""An object in an archive is named when it is seen; nobody goes looking for one."""

from __future__ import annotations

import pytest

from lib.stores import s3_heads
from lib.stores.s3_heads import Answer
from tests.conftest import NOW

REPLY = {
    "ETag": '"0123456789abcdef0123456789abcdef"',
    "ContentLength": 9,
    "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {"x-amz-request-id": "tx1"}},
}


@pytest.mark.parametrize(
    ("more", "is_archived"),
    [
        ({}, False),
        ({"StorageClass": "STANDARD_IA"}, False),
        ({"StorageClass": "GLACIER"}, True),
        ({"StorageClass": "DEEP_ARCHIVE", "Restore": 'ongoing-request="true"'}, True),
        ({"StorageClass": "GLACIER", "Restore": 'ongoing-request="false", expiry-date="Fri, 25 Dec 2026"'}, False),
    ],
)
def test_the_storage_class_of_a_head_says_whether_it_opens_at_once(more: dict[str, str], is_archived: bool) -> None:
    seen = s3_heads.observation("a.pdf", Answer(NOW, reply={**REPLY, **more}), refusal=None, listing=None)
    assert seen.is_archived is is_archived
