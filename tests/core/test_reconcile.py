"""The match of two sorted streams says what a plain dict says, however keys, twins and pages fall."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.bucket_pages import ObjectPage
from lib.reconcile import ROWS_AT_ONCE, Differs, NotAscending, ObjectAlone, RowAlone, Rows, Shared, walk
from lib.row_lines import escaped, key_of, plain

MD5S = ("a" * 32, "b" * 32)
SIGNS = [b"a", b"b", b"/", b"\t", b"\n", b"\\", b"n", b"t", b"\xc3\xa9", b"\x0b", b"\x01", b" ", b"%"]
KEYS = st.lists(st.sampled_from(SIGNS), min_size=1, max_size=3).map(b"".join)


@dataclass(frozen=True)
class Row:
    key: bytes
    md5: str
    size: int | None
    number: int

    @property
    def line(self) -> bytes:
        size = "" if self.size is None else str(self.size)
        return escaped(self.key) + f"\t{self.md5}\t{size}\t{self.number}".encode()


@dataclass(frozen=True)
class Thing:
    key: bytes
    etag: str
    size: int

    @property
    def line(self) -> bytes:
        return escaped(self.key) + f"\t{self.etag}\t{self.size}".encode()


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    made = draw(
        st.lists(st.tuples(KEYS, st.sampled_from(["", "no md5", *MD5S]), st.sampled_from([None, 1, 2])), max_size=14)
    )
    return sorted((Row(*each, number) for number, each in enumerate(made, 1)), key=lambda row: (row.key, row.number))


@st.composite
def things(draw: st.DrawFn) -> list[Thing]:
    etags = st.sampled_from([*MD5S, MD5S[0] + "-2"])
    made = draw(st.dictionaries(KEYS, st.tuples(etags, st.sampled_from([0, 1, 2])), max_size=14))
    return [Thing(key, *made[key]) for key in sorted(made)]


def parted(of: Sequence[object], cuts: Sequence[int]) -> list[list[object]]:
    edges = sorted({0, len(of), *(cut % (len(of) + 1) for cut in cuts)})
    return [list(of[start:end]) for start, end in pairwise(edges)]


def pages(objects: Sequence[Thing], cuts: Sequence[int]) -> Iterator[ObjectPage]:
    groups = parted(objects, cuts) or [[]]
    for number, some in enumerate(groups, 1):
        found = [each for each in some if isinstance(each, Thing)]
        reached = found[-1].key if number < len(groups) else None
        yield ObjectPage([each.line for each in found], [each.key for each in found], reached, 1, lambda _: None)


def blocks(of: Sequence[Row], cuts: Sequence[int]) -> Iterator[list[bytes]]:
    for some in parted(of, cuts):
        yield [each.line for each in some if isinstance(each, Row)]


def expected(of: Sequence[Row], objects: Sequence[Thing]) -> set[object]:
    by_key = {each.key: each for each in objects}
    numbers: dict[bytes, list[int]] = defaultdict(list)
    found: set[object] = set()
    for row in of:
        numbers[row.key].append(row.number)
        there = by_key.get(row.key)
        md5 = row.md5 if row.md5 in MD5S else None
        if there is None:
            found.add(RowAlone(row.key, row.number))
        elif (
            there.size == 0
            or (row.size is not None and row.size != there.size)
            or (md5 is not None and "-" not in there.etag and md5 != there.etag)
        ):
            found.add(Differs(row.key, row.number, row.size, md5, there.etag, there.size, there.line))
    found |= {ObjectAlone(each.key, each.etag, each.size, each.line) for each in objects if each.key not in numbers}
    return found | {Shared(key, tuple(each)) for key, each in numbers.items() if len(each) > 1}


CUTS = st.lists(st.integers(0, 30), max_size=6)


@given(rows(), things(), CUTS, CUTS, st.integers(0, 9))
def test_the_match_says_what_a_dict_says_however_rows_and_pages_are_cut(
    of: list[Row], objects: list[Thing], row_cuts: list[int], page_cuts: list[int], at_once: int
) -> None:
    rows = Rows(blocks(of, row_cuts), at_once=at_once)
    steps = list(walk(rows, pages(objects, page_cuts)))
    found = [each for step in steps for each in step.left]
    assert set(found) == expected(of, objects)
    assert len(found) == len(set(found))
    assert rows.taken == sum(len(step.rows) for step in steps) == len(of)


@given(rows(), things(), CUTS, CUTS, KEYS)
def test_a_folder_that_is_an_object_is_nobodys_file_whatever_it_holds(
    of: list[Row], objects: list[Thing], row_cuts: list[int], page_cuts: list[int], folder: bytes
) -> None:
    steps = list(walk(Rows(blocks(of, row_cuts)), pages(objects, page_cuts), folder=folder))
    found = [each for step in steps for each in step.left]
    assert set(found) == expected(of, [each for each in objects if each.key != folder])


@given(st.binary(max_size=12), st.binary(max_size=12))
def test_a_key_comes_back_from_its_line_and_two_keys_never_share_one(one: bytes, other: bytes) -> None:
    assert plain(escaped(one)) == one
    assert key_of(escaped(one) + b"\tabc\t1\t7") == one
    assert (escaped(one) == escaped(other)) == (one == other)
    assert not {b"\t", b"\n", b"\r"} & {bytes([sign]) for sign in escaped(one)}


def one_page(*keys: bytes, reached: bytes | None = None) -> ObjectPage:
    return ObjectPage([Thing(key, MD5S[0], 1).line for key in keys], list(keys), reached, 1, lambda _: None)


@pytest.mark.parametrize(
    "listed",
    [
        [one_page(b"b", b"a")],
        [one_page(b"a", b"a")],
        [one_page(b"b", reached=b"b"), one_page(b"a")],
        [one_page(b"a", reached=b"a"), one_page(b"a")],
        [one_page(b"b", reached=b"b"), one_page(reached=b"c"), one_page(b"b")],
    ],
)
def test_keys_that_do_not_ascend_stop_the_match(listed: list[ObjectPage]) -> None:
    with pytest.raises(NotAscending):
        list(walk(Rows(iter([])), listed))


def test_a_listing_that_breaks_calls_no_row_behind_it_missing() -> None:
    def breaks() -> Iterator[ObjectPage]:
        yield one_page(b"b", reached=b"b")
        raise ConnectionError

    steps = walk(Rows(iter([[Row(key, "", None, 1).line for key in (b"a", b"c")]])), breaks())
    assert [each for each in next(steps).left if isinstance(each, RowAlone)] == [RowAlone(b"a", 1)]
    with pytest.raises(ConnectionError):
        next(steps)


def test_rows_that_agree_are_nothing_and_twins_that_agree_are_shared() -> None:
    of = [Row(b"a", MD5S[0], 1, 1), Row(b"b", MD5S[0], 1, 2), Row(b"b", MD5S[0], 1, 3)]
    steps = list(walk(Rows(blocks(of, [])), [one_page(b"a", b"b")]))
    assert [each for step in steps for each in step.left] == [Shared(b"b", (2, 3))]


def test_of_many_rows_where_no_object_lies_only_some_are_held_at_once() -> None:
    many = (
        [Row(b"%06d" % number, "", None, number).line for number in range(first, first + 1000)]
        for first in range(0, 50_000, 1000)
    )
    steps = list(walk(Rows(many), [one_page(b"030000x")]))
    assert max(len(step.rows) for step in steps) <= ROWS_AT_ONCE
    assert sum(len(step.left) for step in steps) == 50_001
    assert [step.reached for step in steps][-1] is None
    assert sum(step.page.requests for step in steps) == 1
