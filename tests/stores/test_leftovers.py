"""What a run could not match, kept aside: the file does what the memory does, survives a kill, and stays private."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.candidates import BELOW, Wanted, candidates
from lib.catalogue import Code, Severity
from lib.evidence import Evidence
from lib.findings import Facts, Finding, Kind, Suggestion
from lib.inventory import form
from lib.leftovers import Scratch
from lib.reconcile import Differs, ObjectAlone, RowAlone, Shared
from lib.stores.leftover_file import LeftoverFile
from lib.stores.memory.leftovers import MemoryLeftovers
from tests.parts import broken_keys, wild_keys
from tests.parts.broken_keys import RULES, Case
from tests.parts.chromium import ROOT
from tests.parts.left_over import OLD, lone

MD5 = "ab" * 16
HEX = "0f" * 16
DIFFERS = Differs(b"d\t.pdf", 7, 5, None, MD5, 6, b"d\\t.pdf\t" + MD5.encode() + b"\t6")
KEPT = {
    RowAlone: [RowAlone(b"b", 2), RowAlone(b"a", 3), RowAlone(b"a", 1), RowAlone(b"c", 4)],
    ObjectAlone: [lone("y/rx.pdf", etag=MD5), lone("x/RX.pdf"), lone("x/rx.pdf")],
    Differs: [DIFFERS],
    Shared: [Shared(b"s", (4, 9))],
}
EVERYTHING = [(each, None if isinstance(each, RowAlone | Shared) else OLD) for some in KEPT.values() for each in some]


@pytest.fixture(params=["file", "memory"])
def left(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scratch]:
    if request.param == "memory":
        yield MemoryLeftovers()
        return
    opened = LeftoverFile(tmp_path / "leftovers")
    yield opened
    opened.close()


def filled(left: Scratch, number: int = 1) -> Scratch:
    left.keep(number, EVERYTHING)
    left.done(number)
    return left


def claiming(number: int, key: str | None, *, is_safe: bool = True, resolved: str = "r") -> Finding:
    suggestion = None if key is None else Suggestion(key, Evidence.PROVEN, is_safe, ("md5_agrees",))
    facts = Facts("PAT1", None, OLD, "7", True)
    return Finding(
        *(Kind.DANGLING_REFERENCE, Severity.HIGH, Code.CASE, number, "s", resolved),
        evidence={"row_size": 3, "row_md5": None},
        suggestion=suggestion,
        facts=facts,
    )


def test_what_is_kept_comes_back_as_it_was_by_number_and_by_key(left: Scratch) -> None:
    filled(left)
    for kind, some in KEPT.items():
        found = left.all_of(kind)
        assert [each for _, each, _ in found] == some
        assert [at for *_, at in found] == [None if kind in {RowAlone, Shared} else OLD] * len(some)
        assert left.all_of(kind, after=found[0][0], limit=1) == found[1:2]
        assert left.count(kind) == len(some)
    ordered = [RowAlone(b"a", 1), RowAlone(b"a", 3), RowAlone(b"b", 2), RowAlone(b"c", 4)]
    assert [each for _, each, _ in left.in_order(RowAlone)] == ordered
    assert [each for _, each, _ in left.in_order(RowAlone, after=(b"a", 1), until=b"b")] == ordered[1:3]
    assert left.cuts(RowAlone, 2) == [b"b"]
    assert left.cuts(RowAlone, 1) == left.cuts(Shared, 1) == []
    assert [key for key, *_ in left.objects()] == ["x/RX.pdf", "x/rx.pdf", "y/rx.pdf"]


def test_numbers_are_of_one_thing_each_and_what_is_dropped_is_gone(left: Scratch) -> None:
    filled(left)
    numbers = [number for kind in KEPT for number, *_ in left.all_of(kind)]
    assert len(set(numbers)) == len(EVERYTHING)
    left.drop([left.all_of(RowAlone)[0][0], left.all_of(Shared)[0][0]])
    assert [left.count(kind) for kind in KEPT] == [3, 3, 1, 0]
    assert left.alone([1, 2, 3, 9]) == {1, 3}


def test_only_the_ranges_that_are_named_stay_and_a_lost_one_is_not_passed_over(left: Scratch) -> None:
    filled(left, 1)
    filled(left, 2)
    left.keep(3, EVERYTHING)
    left.only([2])
    assert [left.count(kind) for kind in KEPT] == [4, 3, 1, 1]
    with pytest.raises(ValueError, match="missing"):
        left.only([1, 2])


def test_twins_are_objects_of_the_same_bytes(left: Scratch) -> None:
    left.keep(1, [(lone("z.pdf", etag=MD5), OLD), (lone("larger.pdf", etag=MD5, size=11), OLD)])
    assert filled(left).twins(["x/rx.pdf", "y/rx.pdf", "z.pdf", "larger.pdf"]) == {"y/rx.pdf", "z.pdf"}


def test_two_records_that_claim_one_object_are_told(left: Scratch) -> None:
    left.draft([claiming(2, "one"), claiming(3, "other"), claiming(5, "unsafe", is_safe=False)])
    left.draft([claiming(1, "one"), claiming(4, None, resolved="a"), claiming(6, "unsafe", is_safe=False)])
    assert [(each.record_id, is_contested) for each, is_contested in left.drafts()] == [
        *((4, False), (1, True), (2, True)),
        *((3, False), (5, False), (6, False)),
    ]
    assert next(each for each, _ in left.drafts() if each.record_id == 2) == claiming(2, "one")
    assert left.claims(["one", "other", "unsafe", "x"]) == {"other": 3}
    left.restart()
    assert list(left.drafts()) == []


def cases() -> list[Case]:
    """Return one of each mistake, and every tenth pair."""
    wild = [case for _, case in wild_keys.cases(seed=11, singles=1, pairs=0)]
    return [
        *broken_keys.cases(seed=11, singles=2, pairs=0),
        *wild,
        *list(broken_keys.cases(seed=12, singles=0, pairs=1))[::10],
    ]


def test_what_is_near_a_row_gives_the_same_best_candidate_as_all_lone_objects(tmp_path: Path) -> None:
    made = cases()
    objects = {each.key: each for case in made for each in (case.right, *case.decoys)}
    file, memory = LeftoverFile(tmp_path / "left"), MemoryLeftovers()
    for left in (file, memory):
        left.keep(1, [(lone(each.key, etag=each.etag, size=len(each.body)), OLD) for each in objects.values()])
    everything = memory.near(Wanted(""), RULES)
    most, differing = 0, []
    for case in made:
        for knows in (case.md5, None):
            wanted = Wanted(case.stored, case.consultation, case.size_bytes, knows)
            near = file.near(wanted, RULES)
            most = max(most, len(near))
            best, of_all = (
                candidates(wanted, RULES, seen, is_taken=case.taken.__contains__)[:1] for seen in (near, everything)
            )
            if best != of_all:
                differing.append((wanted, best, of_all))
    file.close()
    assert differing == []
    assert len(made) > 150
    assert most < 300 < len(objects)


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        (Wanted("a/rx.pdf\n"), ["edrcontainer1/a/rx.pdf"]),
        (Wanted("q/none-like.pdf", None, 10, MD5), ["far/away.pdf"]),
        (Wanted(f"q/{HEX}.pdf"), [f"p/{HEX}_a.pdf", f"p/{HEX}_b.pdf"]),
        (Wanted("A/R X.pdf"), ["edrcontainer1/a/rx.pdf"]),
        (Wanted("a/rx_C042wJo.pdf"), ["edrcontainer1/a/rx.pdf"]),
        (Wanted("long/folder/na"), ["edrcontainer1/long/folder/name-1.pdf", "edrcontainer1/long/folder/name-2.pdf"]),
        (Wanted("", "CON5"), ["edrcontainer1/prescriptions/pdfs/CON5/1.pdf"]),
        (Wanted("nothing/like/it.pdf"), []),
    ],
)
def test_lone_objects_are_near_by_each_of_the_ways_in_which_candidates_looks(
    wanted: Wanted, keys: list[str], tmp_path: Path
) -> None:
    left = LeftoverFile(tmp_path / "left")
    decoys = [lone(f"edrcontainer1/other/{number}.pdf") for number in range(30)]
    here = [
        *(
            lone("edrcontainer1/a/rx.pdf"),
            lone("far/away.pdf", etag=MD5),
            lone(f"p/{HEX}_a.pdf"),
            lone(f"p/{HEX}_b.pdf"),
        ),
        *(lone("edrcontainer1/long/folder/name-1.pdf"), lone("edrcontainer1/long/folder/name-2.pdf")),
        lone("edrcontainer1/prescriptions/pdfs/CON5/1.pdf"),
    ]
    left.keep(1, [(each, None) for each in (*decoys, *here)])
    assert [each.key for each in left.near(wanted, RULES)] == keys
    left.close()


def test_of_many_objects_below_a_cut_name_the_first_are_near(tmp_path: Path) -> None:
    left = LeftoverFile(tmp_path / "left")
    keys = [f"edrcontainer1/long/folder/name-{number:02}.pdf" for number in range(30)]
    left.keep(1, [(lone(key), None) for key in reversed(keys)])
    assert [each.key for each in left.near(Wanted("long/folder/name-"), RULES)] == keys[:BELOW]
    left.close()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.binary(min_size=1, max_size=40),
    text=st.text(st.characters(), max_size=30),
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
)
def test_any_bytes_any_text_and_any_instant_go_through(
    key: bytes, text: str, at: datetime | None, tmp_path: Path
) -> None:
    (tmp_path / "left").unlink(missing_ok=True)
    left = LeftoverFile(tmp_path / "left")
    made = Differs(key, 1, 2, None, "", 3, b"")
    left.keep(1, [(RowAlone(key, 1), None), (made, at), (lone("a.pdf"), at)])
    assert left.all_of(RowAlone)[0][1:] == (RowAlone(key, 1), None)
    ((_, back, instant),) = left.all_of(Differs)
    assert (back.key, instant) == (key, at)
    assert len(left.near(Wanted(text, text, None, None), RULES)) <= 1
    left.draft([claiming(1, text, resolved=text)])
    assert [each for each, _ in left.drafts()] == [claiming(1, text, resolved=text)]
    left.close()


def test_the_file_and_all_beside_it_are_private_and_hold_no_more_than_they_must(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        left = LeftoverFile(tmp_path / "left")
        filled(left)
        left.near(Wanted("a"), RULES)
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"left": 0o600, "left-wal": 0o600, "left.judging": 0o600}
    left.close()
    assert [each.name for each in tmp_path.iterdir()] == ["left"]


KILLED = """
import os, signal, sys
from lib.reconcile import RowAlone
from lib.stores.leftover_file import LeftoverFile
left = LeftoverFile(sys.argv[1])
left.keep(1, [(RowAlone(b"a%d" % n, n), None) for n in range(5000)])
left.done(1)
left.keep(2, [(RowAlone(b"b%d" % n, n), None) for n in range(50000)])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_after_a_kill_a_range_that_was_done_is_whole_and_no_other_is_there(tmp_path: Path) -> None:
    path = tmp_path / "left"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=ROOT, check=False)
    left = LeftoverFile(path)
    left.only([1])
    assert left.count(RowAlone) == 5000
    with pytest.raises(ValueError, match="missing"):
        left.only([1, 2])
    left.close()


def test_a_new_file_takes_nothing_from_what_an_older_one_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "left"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=ROOT, check=False)
    assert (tmp_path / "left-wal").exists()
    path.unlink()
    left = LeftoverFile(path)
    assert left.count(RowAlone) == 0
    left.close()


def fill(left: LeftoverFile) -> None:
    for number in range(20):
        left.keep(number, [(RowAlone(b"k" * 900, each), None) for each in range(1000)])
        left.done(number)


def test_a_full_disk_is_an_os_error(tmp_path: Path) -> None:
    left = LeftoverFile(tmp_path / "left")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(OSError, match="scratch"):
            fill(left)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_spoilt_file_is_an_os_error(tmp_path: Path) -> None:
    path = tmp_path / "left"
    path.write_bytes(b"no database at all" * 400)
    with pytest.raises(OSError, match="scratch"):
        LeftoverFile(path)


def test_keeping_is_fast_and_looking_near_a_row_does_not_read_all_objects(tmp_path: Path) -> None:
    left = LeftoverFile(tmp_path / "left")
    objects = [(lone(f"a/{number}/{number:032x}.pdf", etag=f"{number:032x}"), OLD) for number in range(20_000)]
    began = time.process_time()
    left.keep(1, objects)
    left.done(1)
    kept = time.process_time() - began
    left.near(Wanted("a"), RULES)  # the index is made here
    began = time.process_time()
    for number in range(300):
        assert len(left.near(Wanted(f"gone/{number}.pdf", "CON1", 10, f"{number:032x}"), RULES)) == 1
        assert form(next(iter(left.near(Wanted(f"b/{number:032x}.pdf"), RULES))).key).startswith("a/")
    near = (time.process_time() - began) / 600
    left.close()
    assert kept < 1
    assert near < 0.003
