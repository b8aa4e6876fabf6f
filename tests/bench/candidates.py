"""How often the right object of a broken key is named first, and whether a wrong one ever passes for it.

python -m tests.bench.candidates [--singles 60] [--pairs 4] [--seed 20261124]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from lib.candidates import Candidate, Evidence, Wanted, candidates
from lib.inventory import Inventory, Sighting
from tests.parts.broken_keys import RULES, Case, Stored, cases


def sighting(each: Stored) -> Sighting:
    return Sighting(each.key, len(each.body), each.etag)


def found(case: Case, inventory: Inventory) -> tuple[Candidate, ...]:
    wanted = Wanted(case.stored, case.consultation, case.size_bytes, case.md5)
    return candidates(wanted, RULES, inventory, is_taken=case.taken.__contains__)


def wrong(case: Case, best: tuple[Candidate, ...]) -> str | None:
    """Return how a wrong object passes for the right one, or None."""
    patients = {each.key: each.patient for each in (case.right, *case.decoys)}
    for candidate in best:
        if candidate.key == case.right.key:
            continue
        if candidate.evidence is Evidence.PROVEN:
            return f"proven {candidate}"
        if patients.get(candidate.key) != case.right.patient and not candidate.flags:
            return f"unflagged {candidate}"
    return None


def main() -> int:
    asked = argparse.ArgumentParser()
    asked.add_argument("--singles", type=int, default=60)
    asked.add_argument("--pairs", type=int, default=4)
    asked.add_argument("--seed", type=int, default=20261124)
    asked.add_argument("--show", action="store_true")
    options = asked.parse_args()
    made = list(cases(seed=options.seed, singles=options.singles, pairs=options.pairs))
    inventory = Inventory(sighting(each) for case in made for each in (case.right, *case.decoys))
    found(made[0], inventory)  # the indexes are made here
    began, worked = time.perf_counter(), time.process_time()
    results = [(case, found(case, inventory)) for case in made]
    seconds, work = time.perf_counter() - began, time.process_time() - worked
    right, total, failed, wrongs = Counter[int](), Counter[int](), Counter[tuple[str, ...]](), []
    for case, best in results:
        total[len(case.codes)] += 1
        if best and best[0].key == case.right.key:
            right[len(case.codes)] += 1
        else:
            failed[case.codes] += 1
            if options.show:
                print(
                    case.codes,
                    repr(case.stored),
                    case.right.key,
                    case.md5 and 1,
                    case.size_bytes,
                    [(c.key, c.evidence, c.flags) for c in best[:2]],
                )
        if fault := wrong(case, best):
            wrongs.append((case, fault))
    for steps in sorted(total):
        print(
            f"{['', 'single', 'pairs'][steps]}: {right[steps]} of {total[steps]} first = {right[steps] / total[steps]:.1%}"
        )
    print(
        f"wrong ones that pass: {len(wrongs)}; {len(made)} diagnoses among {len(inventory)} objects in {seconds:.2f} s = {seconds / len(made) * 1e4:.2f} s for 10,000 ({work / len(made) * 1e4:.2f} s of processor time)"
    )
    for codes, count in failed.most_common(25):
        print(f"  not first: {count} {'+'.join(codes)}")
    for case, fault in wrongs[:5]:
        print("  WRONG", case.codes, repr(case.stored), fault)
    return 1 if wrongs else 0


if __name__ == "__main__":
    sys.exit(main())
