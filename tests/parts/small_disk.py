"""A disk of its own that is small, and gets full."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


@contextmanager
def mounted(folder: Path, *, options: str) -> Iterator[None]:
    """Mount a tmpfs; a visible skip for who may not."""
    libc = ctypes.CDLL(None, use_errno=True)
    folder.mkdir(exist_ok=True)
    if libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, options.encode()):
        pytest.skip(f"mounting a tmpfs needs root and CAP_SYS_ADMIN ({errno.errorcode[ctypes.get_errno()]})")
    try:
        yield
    finally:
        libc.umount2(os.fsencode(folder), 2)


def fill(file: Path, *, but: int = 0) -> None:
    """Take all of the disk on which a file lies, but for so many bytes."""
    with file.open("wb", buffering=0) as ballast:
        with suppress(OSError):
            while ballast.write(b"x" * 4096):
                pass
        ballast.truncate(max(0, ballast.tell() - but))
