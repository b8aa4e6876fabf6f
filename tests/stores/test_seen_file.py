"""What the last full run found is remembered by record and key, and by nothing else."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from lib.row_lines import parted
from lib.seen_rows import SeenRows, summed
from lib.stores.seen_file import SeenFile

ROWS = [b"loc/a.pdf\t\t\t7", b"loc/b.pdf\t\t\t8", b"loc/c\\td.pdf\t\t\t9000000001"]


def seen(*blocks: list[bytes]) -> SeenRows:
    rows = SeenRows()
    for block in blocks:
        rows.add(summed(parted(block)))
    return rows


def test_a_row_is_known_by_its_number_and_its_key_and_only_in_that_run(tmp_path: Path) -> None:
    SeenFile(tmp_path / "seen").keep(3, seen(ROWS[:2], ROWS[2:]), lacking={8}, before=None)
    found = SeenFile(tmp_path / "seen")
    assert found.saw(3, 7, b"loc/a.pdf")
    assert found.saw(3, 9000000001, b"loc/c\td.pdf")
    assert not found.saw(3, 7, b"loc/other.pdf")  # it points elsewhere since
    assert not found.saw(3, 8, b"loc/b.pdf")  # it had no file then
    assert not found.saw(3, 6, b"loc/a.pdf")  # it was not there then
    assert not found.saw(4, 7, b"loc/a.pdf")


def test_a_file_that_is_not_there_or_is_cut_has_seen_nothing(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    assert not SeenFile(path).saw(3, 7, b"loc/a.pdf")
    SeenFile(path).keep(3, seen(ROWS), lacking=(), before=None)
    path.write_bytes(path.read_bytes()[:-1])
    assert not SeenFile(path).saw(3, 7, b"loc/a.pdf")


def test_it_holds_no_key_and_is_its_owners_alone(tmp_path: Path) -> None:
    SeenFile(tmp_path / "seen").keep(3, seen(ROWS), lacking=(), before=None)
    assert b"loc" not in (tmp_path / "seen").read_bytes()
    assert (tmp_path / "seen").stat().st_mode & 0o777 == 0o600


def test_of_numbers_that_are_spread_too_wide_nothing_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    far = [b"loc/%d.pdf\t\t\t%d" % (n, n << 16) for n in range(300)]
    SeenFile(path).keep(4, seen(ROWS, far, ROWS), lacking={1 << 16, 8}, before=None)
    assert not SeenFile(path).saw(4, 7, b"loc/a.pdf")
    assert path.stat().st_size < 100


def test_numbers_that_are_spread_too_wide_take_no_more_memory_than_the_bound(tmp_path: Path) -> None:
    tracemalloc.start()
    rows = seen([b"loc/%d.pdf\t\t\t%d" % (n, n << 40) for n in range(2000)])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not rows.pages
    assert peak < 80 << 20  # else 500 MiB


def test_a_run_that_is_killed_before_it_ends_finds_again_what_the_run_before_saw(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    SeenFile(path).keep(3, seen(ROWS), lacking={8}, before=None)
    SeenFile(path).keep(4, seen(ROWS), lacking={7, 8}, before=3)  # and killed before the book says that it is complete
    again = SeenFile(path)
    assert again.saw(3, 7, b"loc/a.pdf")
    assert not again.saw(3, 8, b"loc/b.pdf")
    again.keep(4, seen(ROWS), lacking={7, 8}, before=3)
    assert SeenFile(path).saw(4, 7, b"loc/a.pdf")
    assert SeenFile(path).saw(3, 7, b"loc/a.pdf")
    SeenFile(path).keep(5, seen(ROWS), lacking={7, 8}, before=4)
    assert [SeenFile(path).saw(run, 7, b"loc/a.pdf") for run in (3, 4, 5)] == [False, True, True]


def test_a_run_of_little_memory_remembers_fewer_rows(tmp_path: Path) -> None:
    for bound, is_kept in ((2, True), (1, False)):
        rows = SeenRows(bound=bound)
        rows.add(summed(parted(ROWS)))
        SeenFile(tmp_path / "seen").keep(bound, rows, lacking=(), before=None)
        assert SeenFile(tmp_path / "seen").saw(bound, 7, b"loc/a.pdf") is is_kept


def test_a_file_that_was_seen_once_stays_deleted_in_every_later_run(tmp_path: Path) -> None:
    SeenFile(tmp_path / "seen").keep(3, seen(ROWS), lacking={8}, before=None)
    SeenFile(tmp_path / "seen").keep(4, seen(ROWS), lacking={7, 8}, before=3)
    later = SeenFile(tmp_path / "seen")
    assert later.saw(4, 7, b"loc/a.pdf")
    assert not later.saw(4, 8, b"loc/b.pdf")
