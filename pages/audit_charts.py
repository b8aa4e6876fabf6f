"""The pictures of a run as options of Apache ECharts, each with its numbers as a table. Pure.

A tooltip is drawn on the canvas (``renderMode``), so that no key ever becomes HTML, and each colour has its pattern
(``decal``). ``ink`` is the colour of the text, which a theme alone does not set everywhere. https://echarts.apache.org/en/option.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard import display
from dashboard.wording import pictures as words
from dashboard.wording import problems
from lib.audit_history import Point
from lib.findings import Kind
from lib.kept_findings import Flow, Group, Month

MOST_CAUSES = 6  # with a colour of their own; the others are one
MOST_MONTHS = 24
MOST_BARS = 12
BAR_PX, NODE_PX = 28, 34
NODE_WIDTH = 34  # characters
NARROW_PX, NARROW_WIDTH = 420, 20  # on a phone, where the names of both sides would meet

Option = Mapping[str, object]
Table = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: what it shows in words, its option, its numbers."""

    title: str
    alt: str
    option: Option
    table: Table
    height: int = 320
    beside: str = ""  # what it leaves out


def months(found: Sequence[Month], *, ink: str) -> Picture:
    """Return the problems by the month in which their PDF was made, stacked by cause."""
    there = sorted({each.month for each in found})
    shown = there[-MOST_MONTHS:]
    causes = Counter[str]()
    counts = Counter[tuple[str, str]]()
    for each in found:
        if each.month in shown:
            causes[problems.title(each.kind, each.code)] += each.count
    own = [name for name, _ in causes.most_common(MOST_CAUSES)]
    for each in found:
        if each.month in shown:
            name = problems.title(each.kind, each.code)
            counts[each.month, name if name in own else problems.OTHERS] += each.count
    series = [*own, *([problems.OTHERS] if len(causes) > len(own) else [])]
    names = [problems.month(each) for each in shown]
    totals = {name: sum(counts[month, each] for each in series) for month, name in zip(shown, names, strict=True)}
    return Picture(
        words.MONTHS,
        words.months(totals, is_cut=len(there) > len(shown)),
        _base()
        | {
            "legend": {"type": "scroll", "bottom": 0, "textStyle": {"color": ink}},
            "grid": {"left": 8, "right": 8, "top": 16, "bottom": 40, "containLabel": True},
            "xAxis": {"type": "category", "data": names, "axisLabel": {"color": ink}},
            "yAxis": {"type": "value", "minInterval": 1, "axisLabel": {"color": ink}},
            "series": [
                {"type": "bar", "stack": "all", "name": each, "data": [counts[month, each] for month in shown]}
                for each in series
            ],
        },
        [
            {"Month": name} | {each: counts[month, each] for each in series}
            for month, name in zip(shown, names, strict=True)
        ],
    )


def causes(found: Sequence[Month], groups: Sequence[Group], *, right_files: int, ink: str) -> Picture:
    """Return how many of all problems of records each cause has.

    Objects that no record points at are in ``groups``, and told beside it: ``right_files`` of them are a record's.
    """
    counts = Counter[str]()
    for each in found:
        counts[problems.title(each.kind, each.code)] += each.count
    total, bars = counts.total(), counts.most_common(MOST_BARS)
    if rest := total - sum(count for _, count in bars):
        bars.append((problems.OTHERS, rest))
    lone = sum(each.count for each in groups if each.kind is Kind.UNREFERENCED_OBJECT)
    data = [{"value": count, "label": {"formatter": words.share(count, total)}} for _, count in bars]
    return Picture(
        words.CAUSES,
        words.causes(bars, total),
        _base()
        | {
            "grid": {"left": 8, "right": 90, "top": 8, "bottom": 8, "containLabel": True},
            "xAxis": {"type": "value", "minInterval": 1, "show": False},
            "yAxis": {
                "type": "category",
                "inverse": True,
                "data": [name for name, _ in bars],
                "axisTick": {"show": False},
                "axisLabel": {"width": 190, "overflow": "truncate", "color": ink},
            },
            "series": [{"type": "bar", "data": data, "label": {"show": True, "position": "right", "color": ink}}],
        },
        [{"Problem": name, "Count": count, "Share": words.percent(count, total)} for name, count in bars],
        height=max(160, BAR_PX * len(bars) + 30),
        beside=words.lone_files(lone, right=right_files),
    )


def flows(found: Sequence[Flow], *, ink: str) -> Picture:
    """Return where rows that do not open point, and where their files lie."""
    rows = [(_folder(each.points), _lies(each.lies), each.count) for each in found]
    named = {words.points(left): left for left, _, _ in rows}
    named |= {words.lies(right): right or words.NOWHERE for _, right, _ in rows}
    links = [{"source": words.points(left), "target": words.lies(right), "value": count} for left, right, count in rows]
    return Picture(
        words.FLOWS,
        words.flows(rows),
        _base()
        | {
            "series": [
                {
                    "type": "sankey",
                    "data": _nodes(named, width=NODE_WIDTH),
                    "links": links,
                    "left": 8,
                    "right": 8,
                    "top": 8,
                    "bottom": 8,
                    "nodeGap": 14,
                    "draggable": False,
                    "lineStyle": {"color": "gradient", "opacity": 0.35},
                    "levels": [
                        {"depth": 0, "label": {"position": "right", "color": ink}},
                        {"depth": 1, "label": {"position": "left", "color": ink}},
                    ],
                }
            ],
            "media": [
                {
                    "query": {"maxWidth": NARROW_PX},
                    "option": {"series": [{"data": _nodes(named, width=NARROW_WIDTH)}]},
                }
            ],
        },
        [
            {"Rows point below": left, "Their files lie below": right or words.NOWHERE, "Count": count}
            for left, right, count in rows
        ],
        height=max(220, NODE_PX * max(len({left for left, _, _ in rows}), len({right for _, right, _ in rows})) + 40),
    )


def trend(points: Sequence[Point], *, zone: ZoneInfo, ink: str) -> Picture:
    """Return how many records' files were not found as they should be, at each full check."""
    names = [_when(each.ended_at, zone) for each in points]
    return Picture(
        words.TREND,
        words.trend([(name, each.not_found) for name, each in zip(names, points, strict=True)]),
        _base()
        | {
            "grid": {"left": 8, "right": 24, "top": 24, "bottom": 8, "containLabel": True},
            "xAxis": {"type": "category", "data": names, "axisLabel": {"color": ink}},
            "yAxis": {"type": "value", "minInterval": 1, "min": 0, "axisLabel": {"color": ink}},
            "series": [
                {
                    "type": "line",
                    "name": words.NOT_FOUND,
                    "data": [each.not_found for each in points],
                    "label": {"show": len(points) <= MOST_BARS, "color": ink},
                    "symbolSize": 8,
                }
            ],
        },
        [
            {"Run": each.run_id, "Ended": name, words.NOT_FOUND: each.not_found, "Records": each.records}
            for name, each in zip(names, points, strict=True)
        ],
    )


def _base() -> dict[str, object]:
    return {
        "animation": False,
        "aria": {"enabled": True, "decal": {"show": True}},
        "tooltip": {"renderMode": "richText", "confine": True},
    }


def _folder(prefix: str) -> str:
    return display.short_key(prefix, width=NODE_WIDTH) or words.ROOT


def _nodes(named: Mapping[str, str], *, width: int) -> list[Mapping[str, object]]:
    """Return the folders of both sides, labelled by their ends where they are longer: they begin alike."""
    return [
        {"name": name, "label": {"formatter": folder if len(folder) <= width else f"…{folder[1 - width :]}"}}
        for name, folder in sorted(named.items())
    ]


def _lies(prefix: str | None) -> str | None:
    return None if prefix is None else _folder(prefix)


def _when(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local.day} {local:%b}, {local:%H:%M}"
