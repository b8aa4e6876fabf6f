"""A folder of texts as one ZIP file. Pure."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime

_FILE, _PROGRAM = 0o100600, 0o100700  # for their owner alone


def zipped(files: Mapping[str, str], *, folder: str, made_at: datetime) -> bytes:
    """Return the files below one folder; a script can be run.

    >>> made = zipped({"README.txt": "read me", "copy.sh": "true"}, folder="mend", made_at=datetime(2026, 11, 24, 14))
    >>> [(each.filename, oct(each.external_attr >> 16)) for each in zipfile.ZipFile(io.BytesIO(made)).infolist()]
    [('mend/README.txt', '0o100600'), ('mend/copy.sh', '0o100700')]
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(f"{folder}/{name}", date_time=made_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (_PROGRAM if name.endswith(".sh") else _FILE) << 16
            archive.writestr(entry, text)
    return packed.getvalue()
