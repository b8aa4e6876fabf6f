"""What is said about the trail: whether it holds, where it stands, and what was taken out of it."""

from __future__ import annotations

from lib.trail import Anchor, Break, Broken, Cut, Intact

BROKEN = {
    Break.GAP: "an event before it is missing",
    Break.PREVIOUS_HASH: "it does not follow from the event before it",
    Break.HASH: "the event was changed after it was written",
    Break.MAC: "it was not written by this dashboard, or with another DASHBOARD_SECRET_KEY",
    Break.NO_MAC: "it lacks the MAC that it should have (after an update, start the dashboard or run migrate once)",
    Break.PRUNED: "it was taken away by a prune and is back",
    Break.ANCHOR: "it is another event than the one the anchor holds, so a backup was restored or all was written anew",
    Break.CUT: "it is gone with all that followed, but the anchor has seen it",
}

ANCHOR_UNREADABLE = "This file holds no anchor: {file}"

ANCHOR_FORGED = "This anchor was changed, or made with another DASHBOARD_SECRET_KEY, so it proves nothing: {file}"

ANCHOR_NOT_WRITTEN = "The anchor could not be written into {file}: {why}. An older anchor is never overwritten."

NOT_A_DAY = "{option} must be a day or an instant, such as 2026-11-24 or 2026-11-24T18:00:00+05:30."

NOT_OVER = "--before must lie in the past."

NOT_PRUNED = "Nothing was taken away: a broken trail is kept as it is."


def verified(checked: Intact | Broken) -> str:
    """Say whether the trail holds, and how much of that was looked at.

    >>> verified(Broken(3, Break.HASH))
    'The trail is broken at event 3: the event was changed after it was written. Everything before it holds.'
    >>> verified(Intact(1200, "ab", pruned=7, without_mac=2, is_anchored=True))
    'The trail is intact: 1,200 events, last hash ab. It begins at event 8: retention took away what was before. The first 2 events have no MAC, they are from before there were any. The anchor holds.'
    """
    if isinstance(checked, Broken):
        sentence = f"The trail is broken at event {checked.sequence}: {BROKEN[checked.problem]}."
        # What only an anchor or a prune shows does not say where the fault begins.
        is_local = checked.problem not in {Break.ANCHOR, Break.PRUNED}
        return f"{sentence} Everything before it holds." if is_local else sentence
    said = [f"The trail is intact: {checked.events:,} events, last hash {checked.last_hash}."]
    if checked.pruned:
        said.append(f"It begins at event {checked.pruned + 1}: retention took away what was before.")
    if checked.without_mac is None:
        said.append("MACs were not looked at, because DASHBOARD_SECRET_KEY is not set: it could all be written anew.")
    elif checked.without_mac:
        said.append(f"The first {checked.without_mac:,} events have no MAC, they are from before there were any.")
    if checked.is_anchored is not None:
        held = "The anchor holds." if checked.is_anchored else "The anchor's event was pruned; take a new anchor."
        said.append(held)
    return " ".join(said)


def anchored(anchor: Anchor, *, file: str) -> str:
    """Say where the anchor is and what to do with it."""
    return (
        f"Event {anchor.sequence} is anchored in {file}. Keep it where nobody who can change the trail can change it."
    )


def would_prune(events: int) -> str:
    """Say what a prune would take away.

    >>> would_prune(0)
    'No event is that old. Nothing was changed.'
    """
    if not events:
        return "No event is that old. Nothing was changed."
    return f"{events:,} events would be taken away for good. Nothing was changed: add --yes to do it."


def pruned(cut: Cut | None) -> str:
    """Say what a prune took away."""
    if cut is None:
        return "No event is that old, so nothing was taken away."
    return f"{cut.events:,} events were taken away, up to event {cut.sequence}. Anchors from before prove no more: take a new one."
