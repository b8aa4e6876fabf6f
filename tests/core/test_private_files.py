"""Files that take their places when all of them are whole, for their owner alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard import private_files


def test_they_are_there_under_their_names_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "mend"
    with private_files.together(folder) as new:
        new("rows.sql", "utf-8").write("é\r\n")
        new("copy.sh", "utf-8").write("true")
    assert {each.name: oct(each.stat().st_mode & 0o777) for each in folder.iterdir()} == {
        "rows.sql": "0o600",
        "copy.sh": "0o700",
    }
    assert (folder / "rows.sql").read_bytes() == "é\r\n".encode()
    assert oct(folder.stat().st_mode & 0o777) == "0o700"


def test_none_is_in_sight_before_all_are_whole(tmp_path: Path) -> None:
    (tmp_path / "rows.sql").write_text("of before")
    with private_files.together(tmp_path) as new:
        new("rows.sql", "utf-8").write("new")
        new("copy.sh", "utf-8").write("new")
        assert [each.name for each in tmp_path.iterdir() if not each.name.startswith(".")] == ["rows.sql"]
        assert (tmp_path / "rows.sql").read_text() == "of before"
    assert [(tmp_path / name).read_text() for name in ("rows.sql", "copy.sh")] == ["new", "new"]


def test_what_breaks_off_leaves_the_files_of_before_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "rows.sql").write_text("of before")

    def broken() -> None:
        with private_files.together(tmp_path) as new:
            new("rows.sql", "utf-8").write("new")
            new("copy.sh", "utf-8").write("\ud800")

    with pytest.raises(UnicodeEncodeError):
        broken()
    assert [each.name for each in tmp_path.iterdir()] == ["rows.sql"]
    assert (tmp_path / "rows.sql").read_text() == "of before"


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="exists"), private_files.together(tmp_path / "file"):
        pass
