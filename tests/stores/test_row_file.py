"""The sorted file of an audit's rows: what is written comes back in ranges, and nothing else is taken for it."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.row_lines import escaped, key_of
from lib.stores import row_file
from lib.stores.row_file import RowFile


def spool(path: Path, keys: Sequence[bytes]) -> Path:
    path.unlink(missing_ok=True)
    with row_file.writing(path) as spooling:
        spooling.add([escaped(key) + b"\t\t\t%d" % number for number, key in enumerate(keys)])
    return path


def read(path: Path, *, after: bytes = b"", until: bytes | None = None) -> list[bytes]:
    with RowFile(path) as rows:
        return [key_of(line) for block in rows.blocks(after=after, until=until) for line in block]


KEYS = [b"loc/%06d.pdf" % number for number in range(20_000)]


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    assert stat.S_IMODE(spool(tmp_path / "rows", KEYS[:3]).stat().st_mode) == 0o600


def test_a_file_or_a_link_that_is_there_is_never_written_into(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("theirs")
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    (tmp_path / "nowhere").symlink_to(tmp_path / "not there")
    for name in ("theirs", "link", "nowhere"):
        with pytest.raises(FileExistsError), row_file.writing(tmp_path / name):
            pass
    assert (tmp_path / "theirs").read_text() == "theirs"
    assert not (tmp_path / "not there").exists()
    spool(tmp_path / "rows", KEYS[:3])
    (tmp_path / "other").symlink_to(tmp_path / "rows")
    with pytest.raises(OSError, match="symbolic"):
        RowFile(tmp_path / "other")


def test_blocks_are_some_thousand_lines_and_all_of_them(tmp_path: Path) -> None:
    with RowFile(spool(tmp_path / "rows", KEYS)) as rows:
        blocks = list(rows.blocks())
        assert rows.rows == len(KEYS)
    assert [key_of(line) for block in blocks for line in block] == KEYS
    assert max(map(len, blocks)) < 8000
    assert len(blocks) > 3


def test_a_range_is_above_its_start_and_not_above_its_end(tmp_path: Path) -> None:
    path = spool(tmp_path / "rows", [b"b", b"b", b"c", b"e"])
    assert read(path, after=b"b", until=b"c") == [b"c"]
    assert read(path, after=b"a", until=b"b") == [b"b", b"b"]
    assert read(path, after=b"c", until=b"d") == []
    assert read(path, after=b"e") == read(path, until=b"a") == []
    assert read(path, after=b"d", until=b"z") == [b"e"]


def test_an_empty_key_belongs_to_what_begins_at_the_start(tmp_path: Path) -> None:
    path = spool(tmp_path / "rows", [b"", b"a"])
    assert read(path, until=b"0") == [b""]
    assert read(path, after=b"0") == [b"a"]


def test_a_spool_without_rows_has_no_blocks_and_no_cuts(tmp_path: Path) -> None:
    with RowFile(spool(tmp_path / "rows", [])) as rows:
        assert (rows.rows, list(rows.blocks()), list(rows.blocks(after=b"a", until=b"b"))) == (0, [], [])
        assert rows.cuts(16) == []


def test_cuts_part_the_rows_evenly(tmp_path: Path) -> None:
    with RowFile(spool(tmp_path / "rows", KEYS)) as rows:
        cuts = rows.cuts(4)
        assert [abs(KEYS.index(cut) - wanted) < 200 for cut, wanted in zip(cuts, (5000, 10_000, 15_000), strict=True)]
        assert rows.cuts(1) == []


def test_no_cut_is_a_key_that_s3_takes_for_no_start(tmp_path: Path) -> None:
    keys = sorted([b"a\xff", b"b" * 1025, b"c\n", b"d\x01", b"e/1", b"e/2", b"\xff"])
    with RowFile(spool(tmp_path / "rows", keys)) as rows:
        assert set(rows.cuts(1000)) == {b"e/1", b"e/2"}
    with RowFile(spool(tmp_path / "none", [b"same"] * 1000)) as rows:
        assert rows.cuts(8) == [b"same"]


ODD = st.binary(max_size=6) | st.text("ab\\\t\n\r\b\f\v\x01\x07 /é", max_size=6).map(str.encode)


@given(st.lists(ODD, max_size=60), st.integers(2, 12), ODD, ODD)
def test_every_key_is_in_exactly_one_range(
    tmp_path_factory: pytest.TempPathFactory, keys: list[bytes], ranges: int, one: bytes, other: bytes
) -> None:
    path = spool(tmp_path_factory.getbasetemp() / "ranges", sorted(keys))
    with RowFile(path) as rows:
        cuts = rows.cuts(ranges)
    assert cuts == sorted(set(cuts))
    assert len(cuts) < ranges
    edges: list[bytes | None] = [b"", *cuts, None]
    parts = [read(path, after=edges[at] or b"", until=edges[at + 1]) for at in range(len(edges) - 1)]
    assert [key for part in parts for key in part] == sorted(keys)
    after, until = sorted((one, other))
    assert read(path, after=after, until=until) == sorted(
        key for key in keys if (after < key or not after) and key <= until
    )


def test_threads_read_ranges_of_one_file_at_once(tmp_path: Path) -> None:
    with RowFile(spool(tmp_path / "rows", KEYS)) as rows:
        edges: list[bytes | None] = [b"", *rows.cuts(8), None]
        parts: dict[int, list[bytes]] = {}

        def take(at: int) -> None:
            blocks = rows.blocks(after=edges[at] or b"", until=edges[at + 1])
            parts[at] = [key_of(line) for block in blocks for line in block]

        threads = [threading.Thread(target=take, args=(at,)) for at in range(len(edges) - 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [key for at in sorted(parts) for key in parts[at]] == KEYS


@pytest.mark.parametrize("size", [0, 10, 94, 95, 200, -1])
def test_a_cut_file_is_refused(tmp_path: Path, size: int) -> None:
    path = spool(tmp_path / "rows", KEYS[:100])
    os.truncate(path, size if size >= 0 else path.stat().st_size - 1)
    with pytest.raises(ValueError, match="spool of rows"):
        RowFile(path)


def test_a_file_that_grew_changed_or_is_another_is_refused(tmp_path: Path) -> None:
    path = spool(tmp_path / "rows", KEYS[:100])
    whole = path.read_bytes()
    for other in (whole + b"x", whole[:-2] + b"8\n", b"x" * len(whole), whole[:-60] + b"\0" * 60):
        path.write_bytes(other)
        with pytest.raises(ValueError, match="spool of rows"):
            RowFile(path)


def test_a_file_that_is_cut_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = spool(tmp_path / "rows", KEYS)
    with RowFile(path) as rows:
        blocks = rows.blocks()
        next(blocks)
        os.truncate(path, path.stat().st_size // 2)
        with pytest.raises(ValueError, match="shorter"):
            list(blocks)


@pytest.mark.parametrize(
    "keys",
    [
        [b"b", b"a"],
        [*KEYS, KEYS[0]],
        [b"a\x01", b"a"],  # as lines they ascend
        [b"a\\", b"a["],
        [b"a\t", b"a\x01"],
        [b"a", b"b" + bytes(600), b"c"],
    ],
    ids=["two", "late", "below the tab", "escaped", "a tab", "a lost sector"],
)  # fmt: skip
def test_a_file_that_is_not_sorted_or_broken_is_noticed(tmp_path: Path, keys: list[bytes]) -> None:
    path = spool(tmp_path / "rows", keys)
    with pytest.raises(ValueError, match="not sorted"):
        read(path)


@pytest.mark.parametrize(
    "keys", [[b"a", b"a\0", b"a\0\0", b"a\x01", b"a\t", b"a\\"], [b"a", b"a", b"a"], [b"x" * 300_000, b"y"]]
)
def test_what_only_looks_unsorted_is_read(tmp_path: Path, keys: list[bytes]) -> None:
    assert read(spool(tmp_path / "rows", keys)) == keys


def test_what_is_not_finished_is_removed(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"a\t\t\t1"
        raise RuntimeError

    with pytest.raises(RuntimeError), row_file.writing(tmp_path / "rows") as spooling:
        spooling.file.writelines(broken())
    assert list(tmp_path.iterdir()) == []


def test_what_a_kill_leaves_is_no_spool(tmp_path: Path) -> None:
    with row_file.writing(tmp_path / "rows") as spooling:
        spooling.add([b"a\t\t\t1"] * 100_000)
        spooling.file.flush()
        (tmp_path / "left").write_bytes((tmp_path / "rows").read_bytes())
    with pytest.raises(ValueError, match="no finished spool"):
        RowFile(tmp_path / "left")


def test_a_full_disk_is_an_oserror() -> None:
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(OSError, match="No space left"):
        row_file.Spooling(full).add([b"a\t\t\t1"])
