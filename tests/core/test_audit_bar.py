"""How far a check of all files is, as a terminal and as a log see it."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from dashboard import audit_bar
from lib import audit_pace
from lib.audits import Exposure, Options, Phase, Progress

BEGAN = Progress(Phase.LISTING, records=12_000, rows=2_000, objects=2_000, requests=7, ranges_done=2, ranges=16)
HALF = Progress(Phase.LISTING, records=12_000, rows=7_000, objects=7_100, requests=14, ranges_done=8, ranges=16)
ASKING = Progress(Phase.EXPOSURE, 12_000, 12_000, 12_000, requests=100, ranges_done=16, ranges=16, findings=3)
ASKED = Progress(
    Phase.EXPOSURE, 12_000, 12_000, 12_000, requests=12_100, ranges_done=16, ranges=16, findings=3, asked=6_000
)
PAUSE_S = 0.5


def seen(monkeypatch: pytest.MonkeyPatch, told: Sequence[Progress], *, options: Options, columns: int = 200) -> str:
    """Return what a terminal was sent by these counts, half a second apart, lines and spaces as one space."""
    master, slave = os.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    got = b""
    with open(slave, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with audit_bar.drawn(options) as draw:
            for progress in told:
                draw(progress)
                time.sleep(PAUSE_S)
                got += os.read(master, 65536)
    os.close(master)
    return " ".join(got.decode().split())


def test_the_bar_has_ranges_rows_objects_rate_time_left_and_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = seen(monkeypatch, [BEGAN, HALF, HALF], options=Options())
    assert "2 of 16 ranges · 2,000 of 12,000 records · 2,000 files · 7 requests" in shown
    figures = shown.rpartition("8 of 16 ranges · ")[2]  # a second after the phase began, or later
    records, files, rate, left, requests = figures.split(" · ")[:5]
    assert (records, files, requests[:11]) == ("7,000 of 12,000 records", "7,100 files", "14 requests")
    assert 100 < int(rate.removesuffix(" files a second").replace(",", "")) <= 5_100 / (2 * PAUSE_S)
    assert re.fullmatch(r"about \d+ s left", left)


def test_where_every_file_is_asked_for_the_bar_says_how_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = seen(monkeypatch, [ASKING, ASKED], options=Options(exposure=Exposure.FULL))
    assert "left · 3 problems so far · 6,000 files asked for · 12,100 requests" in shown
    sampled = seen(monkeypatch, [ASKING, ASKED], options=Options(exposure=Exposure.SAMPLE))
    assert "12,100 requests" in sampled
    assert "left" not in sampled


def test_a_narrow_terminal_cuts_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = seen(monkeypatch, [BEGAN, HALF], options=Options(), columns=50)
    for figure in ("8 of 16 ranges", "7,000 of 12,000 records", "7,100 files", "files a second", "14 requests"):
        assert figure in shown


def test_a_log_gets_a_line_for_each_phase(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log:
        monkeypatch.setattr(sys, "stderr", log)
        with audit_bar.drawn(Options()) as draw:
            for progress in (BEGAN, HALF, ASKING, ASKED):
                draw(progress)
    lines = (tmp_path / "log").read_text().splitlines()
    assert lines == ["Listing the files and comparing …", "Asking for files as a stranger …"]


@pytest.mark.parametrize(
    ("progress", "since", "is_each_asked", "left"),
    [
        (HALF, BEGAN, False, 10.0),  # 5,000 rows in ten seconds, 5,000 are left
        (HALF, audit_pace.NOTHING, False, 10 * 5 / 7),
        (BEGAN, BEGAN, False, None),  # nothing was done yet
        (Progress(Phase.LISTING, records=1_000, rows=20), audit_pace.NOTHING, False, None),
        (Progress(Phase.LISTING, records=1_000, rows=1_000), audit_pace.NOTHING, False, None),
        (Progress(Phase.LISTING), audit_pace.NOTHING, False, None),
        (Progress(Phase.ROWS), audit_pace.NOTHING, False, None),
        (ASKED, ASKING, True, 10.0),  # two requests a file
        (ASKED, ASKING, False, None),  # a sample
        (ASKED, audit_pace.NOTHING, True, None),  # the requests of the listing are not those of strangers
        (Progress(Phase.CONFIRMING, 12_000, 12_000, 12_000), BEGAN, True, None),
    ],
)
def test_how_long_it_takes_is_told_where_the_counts_say_it(
    progress: Progress, since: Progress, is_each_asked: bool, left: float | None
) -> None:
    told = audit_pace.seconds_left(progress, seconds=10.0, since=since, is_each_asked=is_each_asked)
    assert told == (None if left is None else pytest.approx(left))


def test_files_a_second_are_those_of_the_listing_since_it_began() -> None:
    assert audit_pace.files_a_second(HALF, seconds=10.0, since=BEGAN) == 510
    assert audit_pace.files_a_second(ASKED, seconds=10.0) == 0
    assert audit_pace.files_a_second(HALF, seconds=0.0) == 0
