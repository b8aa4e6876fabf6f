"""Tables for spreadsheets, in which no cell can begin a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from dashboard import display

BEGINS_A_FORMULA = tuple("=+-@＝＋－＠")


def csv_line(cells: Iterable[object]) -> str:
    r"""Return one line of CSV. Text that a spreadsheet would compute gets an apostrophe; numbers stay numbers.

    Control characters are made visible, so that a cell stays on its line and no terminal is steered.

    >>> csv_line([7, None, "=HYPERLINK(1)", " @x", 'a "b", c', -3, "\t=1\n"])
    '"7","","\'=HYPERLINK(1)","\' @x","a ""b"", c","-3","␉=1␊"\r\n'
    """
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow([_safe(cell) for cell in cells])
    return line.getvalue()


def _safe(cell: object) -> object:
    if cell is None or isinstance(cell, int):
        return cell
    text = display.visible(str(cell))
    return f"'{text}" if text.lstrip().startswith(BEGINS_A_FORMULA) else text
