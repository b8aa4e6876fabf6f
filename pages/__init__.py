"""The table of contents: every screen, in the order of the menu.

Each screen is a module that exports ``render(visit)``. ``record`` and ``link`` are parts of Find, ``rights`` of
People; ``explained`` of Explain, with ``taken_apart``, ``suspects``, ``suggestions`` and ``listed``; ``mending`` of both
and of ``audit``, whose other parts begin with its name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dashboard.visit import Visit
from lib.access import Permission
from pages import account, activity, audit, explain, people, search


@dataclass(frozen=True, slots=True)
class Screen:
    """One entry of the menu."""

    title: str
    url: str
    icon: str
    permission: Permission
    render: Callable[[Visit], None]


PAGES = (
    Screen("Find", "find", ":material/search:", Permission.FIND, search.render),
    Screen("Explain", "explain", ":material/troubleshoot:", Permission.EXPLAIN, explain.render),
    Screen("Check all files", "audit", ":material/fact_check:", Permission.AUDIT, audit.render),
    Screen("Activity", "activity", ":material/history:", Permission.ACTIVITY, activity.render),
    Screen("People", "people", ":material/group:", Permission.PEOPLE, people.render),
    Screen("Account", "account", ":material/account_circle:", Permission.ACCOUNT, account.render),
)
