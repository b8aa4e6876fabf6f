"""Files that hold keys: for their owner alone, and under their names only when all of them are whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TextIO


@contextmanager
def together(folder: Path) -> Iterator[Callable[[str, str], TextIO]]:
    """Lend what opens a new file of a folder by its name and encoding; raise OSError.

    1. The folder is made where it is not there.
    2. Each file has a hidden name of its own (0600, a script 0700), so that what breaks off leaves nothing half done.
    3. At the end they take their places, in the order in which they were opened, once all of them are on the disk.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made: list[tuple[TextIO, Path, Path]] = []
    with ExitStack() as left:

        def new(name: str, encoding: str) -> TextIO:
            number, hidden = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
            left.callback(_remove, Path(hidden))
            file = left.enter_context(os.fdopen(number, "w", encoding=encoding, newline=""))
            os.fchmod(number, 0o700 if name.endswith(".sh") else 0o600)
            made.append((file, Path(hidden), folder / name))
            return file

        yield new
        for file, _, _ in made:
            file.flush()
            os.fsync(file.fileno())
            file.close()
        for _, hidden, place in made:
            hidden.replace(place)


def _remove(file: Path) -> None:
    with suppress(OSError):
        file.unlink(missing_ok=True)
