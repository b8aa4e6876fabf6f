"""Tables for spreadsheets, in which no cell can begin a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

BEGINS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def csv_line(cells: Iterable[object]) -> str:
    r"""Return one line of CSV. Text that a spreadsheet would compute gets an apostrophe; numbers stay numbers.

    >>> csv_line([7, None, "=HYPERLINK(1)", " @x", 'a "b", c', -3])
    '"7","","\'=HYPERLINK(1)","\' @x","a ""b"", c","-3"\r\n'
    """
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow([_safe(cell) for cell in cells])
    return line.getvalue()


def _safe(cell: object) -> object:
    if cell is None or isinstance(cell, int):
        return cell
    text = str(cell)
    return f"'{text}" if text.startswith(BEGINS_A_FORMULA) or text.lstrip().startswith(BEGINS_A_FORMULA) else text
