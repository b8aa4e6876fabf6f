"""What is said on screen about a mend plan; what stands in it is in ``plans``."""

from __future__ import annotations

from lib.plans import Plan

HELP = "SQL and copy commands, each with its evidence, to read and to run yourself. The dashboard changes nothing."
LIKELY = "Also what is only likely"
LIKELY_HELP = (
    "Without it, only files whose content agrees with the record are used. What is likely is marked NOT PROVEN in "
    "the scripts: open each file before you run its line."
)
PREPARE = "Prepare a mend plan"
PREPARING = "Looking for the right file of each…"
SAVE = "Save the plan (ZIP)"
NOT_WRITTEN = "No plan was made: it holds keys, and taking it along must be in the activity first."
NOTHING_PROVEN = "Nothing here can be mended with proof."


def plan_for(broken: int) -> str:
    """Say what the section is for.

    >>> plan_for(1), plan_for(7), plan_for(0)
    ('Mend plan for 1 broken record', 'Mend plan for 7 broken records', 'Mend plan for the code that signs')
    """
    if not broken:
        return "Mend plan for the code that signs"
    return f"Mend plan for {broken} broken record{'' if broken == 1 else 's'}"


def holds_something(plan: Plan) -> bool:
    """Whether anything in a plan can be run."""
    return bool(plan.repoints or plan.copies or plan.needs_signer)


def prepared(plan: Plan) -> str:
    """Say what a plan holds."""
    told = [
        f"Rows to point at the right key: {len(plan.repoints)}." if plan.repoints else "",
        f"Files to copy: {len(plan.copies)}." if plan.copies else "",
        "A corrected signer for the backend." if plan.needs_signer else "",
        "" if holds_something(plan) else NOTHING_PROVEN,
        f"Left to a person: {len(plan.left)}; README.txt says why." if plan.left else "",
        "Read README.txt first." if holds_something(plan) else "",
    ]
    return " ".join(filter(None, told))
