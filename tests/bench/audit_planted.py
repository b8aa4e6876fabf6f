"""Every finding of a planted clinic on a real PostgreSQL and a real Ceph RGW: ``python -m tests.bench.audit_planted``.

20,000 objects and about as many rows, with some 2,000 faults, are audited twice by the command: all that was planted
must be found, nothing else, and both times the same. Ends with 1 where that is not so.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from tests.parts import ceph, postgres
from tests.parts.audit_command import audit, differences, faults_of_form
from tests.parts.planted_clinic import Clinic, on_ceph

SHOWN = 30  # differences of a run that are printed


def report(clinic: Clinic, folder: Path, *, exposure: str) -> bool:
    """Audit a clinic twice, print what differs, and return whether nothing does."""
    planted, is_well = clinic.planted, True
    print(f"  {len(planted.rows)} rows, {len(planted.findings)} findings planted, {len(planted.public)} objects public")
    clinic.wait()
    first: tuple[str, ...] = ()
    for name in ("first", "second"):
        began = time.monotonic()
        ran = audit(clinic.values, *clinic.words, "--exposure", exposure, out=folder / name)
        took = time.monotonic() - began
        if not ran.out:
            print(f"  the {name} run could not begin: {ran.err}")
            return False
        answer = ran.json
        print(
            f"  {name}: {answer['status']}, exit {ran.status}, {len(ran.lines)} findings, {answer['requests']} requests,"
            f" {answer['seconds']} s worked, {took:.1f} s in all"
        )
        told = [*faults_of_form(ran), *differences(planted, ran, public=planted.public if exposure == "full" else ())]
        for line in told[:SHOWN]:
            print(f"    {line}")
        print(f"    {len(told)} differences (expect 0)")
        is_well &= not told
        first = first or ran.lines
        is_same = ran.lines == first
    print(f"  twice the same, line for line: {is_same} (expect True)")
    kinds = Counter(str(each.kind) for each in planted.findings)
    print(f"  planted: {', '.join(f'{kind} {count}' for kind, count in kinds.most_common())}")
    print(f"  of {len({each.code for each in planted.findings})} codes of the catalogue")
    return is_well and is_same


def main() -> None:
    """Grow a clinic and audit it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=20_000)
    parser.add_argument("--exposure", choices=("none", "full"), default="full")
    parser.add_argument("--seed", type=int, default=5)
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True)))
        gateway = ceph.start(stack)
        server = postgres.start(folder / "data")
        stack.callback(server.close)
        began = time.monotonic()
        grown = on_ceph(
            chosen.objects, ceph=gateway, postgres=server, ledger=folder / "ledger.sqlite3", seed=chosen.seed
        )
        clinic = stack.enter_context(grown)
        print(f"{chosen.objects} objects, grown in {time.monotonic() - began:.0f} s")
        is_well = report(clinic, folder, exposure=chosen.exposure)
    raise SystemExit(0 if is_well else 1)


if __name__ == "__main__":
    main()
