"""Nothing is called missing before it was asked for a second time, and many rows do not cost many requests."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.audit_confirm import AT_ONCE, Asking, confirmed, just_below
from lib.audit_terms import Terms
from lib.bucket_pages import ListingBroken, ObjectPage, Turn
from lib.objects import Doubt, ObjectStore, Presence
from lib.reconcile import RowAlone
from lib.stores.memory.leftovers import MemoryLeftovers
from lib.stores.memory.objects import MemoryObjects, StoredObject
from tests.conftest import NOW
from tests.parts.left_over import FOLDER, TERMS, Pages, nobody_asks

LISTING = replace(TERMS, max_heads=0)
Answer = tuple[bytes, Presence, Doubt | None]


def rows(*keys: bytes) -> MemoryLeftovers:
    left = MemoryLeftovers()
    left.keep(1, [(RowAlone(key, number), None) for number, key in enumerate(keys, start=1)])
    return left


def answers(
    left: MemoryLeftovers,
    *,
    pages: Pages | None = None,
    heads: Callable[[], ObjectStore] = nobody_asks,  # type: ignore[assignment]
    terms=TERMS,
) -> tuple[list[Answer], int]:
    told = list[int]()
    asking = Asking(heads, pages or Pages([]), lambda: NOW, told.append)
    found = [each for some in confirmed(left, asking, terms) for each in some]
    return sorted((each.row.key, each.observation.presence, each.observation.doubt) for each in found), sum(told)


def key(number: int) -> bytes:
    return f"{FOLDER}CON{number:06}/a.pdf".encode()


def test_a_few_are_asked_for_by_head_and_one_that_is_there_now_drops_out() -> None:
    store = MemoryObjects({key(1).decode(): StoredObject(b"%PDF")}, clock=lambda: NOW)
    left = rows(key(1), key(2))
    assert answers(left, heads=lambda: store) == ([(key(2), Presence.ABSENT, None)], 2)
    assert left.alone([1, 2]) == {2}
    assert [verb for verb, _ in store.calls] == ["head", "head"]


def test_a_403_is_not_called_absent() -> None:
    store = MemoryObjects({}, clock=lambda: NOW, doubt=Doubt.DENIED)
    assert answers(rows(key(1)), heads=lambda: store)[0] == [(key(1), Presence.UNKNOWN, Doubt.DENIED)]


def test_nobody_is_asked_about_a_row_without_a_key_or_with_an_impossible_one() -> None:
    wanted = [b"edrcontainer1/", b"edrcontainer1/" + b"a" * 1025, b"edrcontainer1/a\0", b"edrcontainer1/\xff"]
    expected = sorted((each, Presence.UNKNOWN, Doubt.IMPOSSIBLE_KEY) for each in wanted)
    assert answers(rows(*wanted)) == (expected, 0)
    pages = Pages([])
    assert answers(rows(*wanted), pages=pages, terms=LISTING) == (expected, 0)
    assert pages.asked == []


def test_nothing_is_built_where_nothing_is_left() -> None:
    assert answers(rows()) == ([], 0)


def test_many_are_looked_up_in_a_second_listing_of_the_touched_ranges() -> None:
    there = [key(number) for number in range(0, 40_000, 2)]
    wanted = [key(number) for number in range(101, 1101, 2)]  # 500 missing, all beside one another
    pages = Pages(there)
    found, requests = answers(rows(*wanted, key(104)), pages=pages, terms=LISTING)
    assert found == [(each, Presence.ABSENT, None) for each in wanted]
    assert requests == len(pages.asked) <= AT_ONCE


def test_rows_far_apart_cost_a_page_each_and_never_more_than_the_whole_listing() -> None:
    there = [key(number) for number in range(0, 40_000, 2)]
    far = Pages(there)
    assert answers(rows(*(key(number) for number in range(1, 40_000, 8001))), pages=far, terms=LISTING)[1] == 5
    dense = Pages(there)
    assert (
        answers(rows(*(key(number) for number in range(1, 40_000, 4))), pages=dense, terms=LISTING)[1] <= 20 + AT_ONCE
    )


def test_an_empty_bucket_costs_a_page_for_each_part() -> None:
    wanted = [key(number) for number in range(5000)]
    found, requests = answers(rows(*wanted), terms=LISTING)
    assert len(found) == 5000
    assert requests == AT_ONCE


def test_a_second_listing_that_breaks_leaves_its_keys_undetermined() -> None:
    there = [key(number) for number in range(0, 8000, 2)]
    wanted = [key(number) for number in range(1, 8000, 2)]
    found, _ = answers(rows(*wanted), pages=Pages(there, page=500, broken_from=key(4000)), terms=LISTING)
    doubts = {each: (presence, doubt) for each, presence, doubt in found}
    assert set(doubts) == set(wanted)
    assert doubts[key(1)] == (Presence.ABSENT, None)
    assert doubts[key(7999)] == (Presence.UNKNOWN, Doubt.DENIED)
    assert all(doubts[each][0] is Presence.UNKNOWN for each in wanted if each > key(4000))


@settings(max_examples=40)
@given(
    there=st.sets(st.binary(min_size=1, max_size=3), max_size=60),
    wanted=st.lists(st.binary(min_size=1, max_size=3), min_size=1, max_size=60),
    page=st.integers(1, 7),
)
def test_a_second_listing_says_of_every_row_whether_its_key_is_there(
    there: set[bytes], wanted: Sequence[bytes], page: int
) -> None:
    askable = [each for each in wanted if b"\0" not in each and _is_text(each)]
    found, requests = answers(rows(*askable), pages=Pages(sorted(there), page=page), terms=LISTING)
    assert found == sorted((each, Presence.ABSENT, None) for each in askable if each not in there)
    assert requests <= len(there) // page + len(set(askable)) + AT_ONCE


def test_a_page_that_ends_before_the_row_it_was_asked_for_is_followed_by_the_next() -> None:
    there = [b"a." + str(number).encode() for number in range(1000, 4500)]  # all between just below a/ and a/
    found, requests = answers(rows(b"a/"), pages=Pages(there), terms=LISTING)
    assert (found, requests) == ([(b"a/", Presence.ABSENT, None)], 4)


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=4).map(lambda text: text.encode("utf-8", "replace")))
def test_just_below_a_key_is_below_it_and_is_utf8(key: bytes) -> None:
    assert just_below(key) < key
    just_below(key).decode()


def _is_text(key: bytes) -> bool:
    try:
        key.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("terms", [TERMS, LISTING])
def test_who_may_list_one_folder_alone_has_few_rows_and_many_confirmed_there(terms: Terms) -> None:
    """A HEAD of what is not there would be answered by 403."""

    class Narrow(Pages):
        def pages(
            self, *, prefix: bytes = b"", after: bytes = b"", until: bytes | None = None, turn: Turn | None = None
        ) -> Generator[ObjectPage, None, None]:
            if prefix != FOLDER.encode():
                raise ListingBroken(Doubt.DENIED, reached=None, requests=1)
            return Pages.pages(self, prefix=prefix, after=after, until=until)

    asking = Asking(nobody_asks, Narrow([]), lambda: NOW, lambda _: None, FOLDER.encode())  # type: ignore[arg-type]
    found = [each for some in confirmed(rows(key(1), key(2)), asking, terms) for each in some]
    assert {each.observation.presence for each in found} == {Presence.ABSENT}
