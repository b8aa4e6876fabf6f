"""How far a run of "Check all files" is, on stderr: a bar where somebody looks, elsewhere a line for each phase."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dashboard import printing
from dashboard.wording import audit_commands as words
from dashboard.wording import audits as run_words
from lib.audits import Exposure, Options, Progress

Told = Callable[[Progress], None]


@dataclass(slots=True)
class _Phases:
    """When the phase of a run began, and with which counts."""

    since: Progress | None = None
    at: float = field(default_factory=time.monotonic)

    def is_new(self, progress: Progress) -> bool:
        if self.since is not None and self.since.phase is progress.phase:
            return False
        self.since, self.at = progress, time.monotonic()
        return True


@contextmanager
def drawn(options: Options) -> Iterator[Told]:
    """Lend what draws the counts of a run with these options each time that it is told them."""
    phases = _Phases()
    if not sys.stderr.isatty():

        def line(progress: Progress) -> None:
            if phases.is_new(progress):
                printing.note(f"{run_words.PHASE[progress.phase]} …")

        yield line
        return
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar
    from rich.text import Text

    console = Console(stderr=True)
    bar = Bar(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console)
    task = bar.add_task("", total=1.0)
    with Live(bar, console=console, transient=True) as live:

        def draw(progress: Progress) -> None:
            phases.is_new(progress)
            bar.update(task, description=run_words.PHASE[progress.phase], completed=run_words.part_done(progress))
            figures = words.counted(
                progress,
                seconds=time.monotonic() - phases.at,
                since=phases.since or progress,
                is_each_asked=options.exposure is Exposure.FULL,
            )
            live.update(Group(bar, Text(figures)))  # below the bar, where a narrow terminal breaks it and cuts nothing

        yield draw
