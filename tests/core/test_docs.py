"""Documentation that cannot lie: what it names exists, and its code runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import django.conf
import pytest
import typer.main
import urllib3
from django.test import override_settings

from dashboard import cli, wording
from dashboard.demo.guarded_s3 import GuardedS3, SeedObject
from lib import keys, plan_signer
from lib.catalogue import CATALOGUE, Needs, Severity
from lib.settings import ENV_FILE_VARIABLE, documented
from pages import PAGES

if not django.conf.settings.configured:
    django.conf.settings.configure()

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SIGNER = (ROOT / "docs" / "backend-signer.md").read_text()
CATALOGUE_PAGE = (ROOT / "docs" / "catalogue.md").read_text()
DOCUMENTS = [README, *(path.read_text() for path in sorted((ROOT / "docs").rglob("*.md")))]

PDF = b"%PDF-1.7 not much of a prescription"
STORED = "prescriptions/pdfs/CON153/ab12.pdf"


def table(*, first_cell: str) -> list[str]:
    """Return the first cells of the README's table that begins with this heading."""
    _, found, rest = README.partition(f"\n| {first_cell} |")
    assert found
    rows = rest.split("\n\n")[0].splitlines()[2:]
    return [row.split("|")[1] for row in rows]


def test_the_settings_in_the_readme_are_those_that_are_read() -> None:
    named = [name for cell in table(first_cell="setting") for name in re.findall(r"`([A-Z_0-9]+)`", cell)]
    assert sorted(named) == sorted(documented())


def test_every_setting_that_any_document_names_exists() -> None:
    named = {name for text in DOCUMENTS for name in re.findall(r"\b(?:AWS|DASHBOARD)_[A-Z0-9_]+", text)}
    assert named - {*documented(), ENV_FILE_VARIABLE} == set()


def test_every_command_that_any_document_names_exists() -> None:
    top: Any = typer.main.get_command(cli.app)
    for text in DOCUMENTS:
        for words in re.findall(r"python -m dashboard ([a-z]+(?: [a-z]+)?)", text):
            first, _, second = words.partition(" ")
            assert first in top.commands
            inner = getattr(top.commands[first], "commands", None)
            is_whole = not second and getattr(top.commands[first], "invoke_without_command", False)
            assert inner is None or second in inner or is_whole


def test_every_command_is_in_the_readme() -> None:
    top: Any = typer.main.get_command(cli.app)
    assert [name for name in top.commands if f"python -m dashboard {name}" not in README and name != "run"] == []


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for text in DOCUMENTS for name in re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)}
    assert named - targets == set()
    assert {"run", "test"} <= named


def test_every_screen_is_named_in_the_readme() -> None:
    assert [screen.title for screen in PAGES if not re.search(rf"\b{re.escape(screen.title)}\b", README)] == []


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))], ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_file_that_the_readme_names_exists() -> None:
    cells = table(first_cell="where")
    named = [name for cell in cells for name in re.findall(r"`([\w./]+)`", cell)]
    assert len(named) > 5
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_decision_can_be_reached_from_the_readme() -> None:
    decisions = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(name[:4]) for name in decisions] == list(range(1, len(decisions) + 1))
    assert "docs/decisions/" in README


@pytest.fixture
def signer(guarded_s3: GuardedS3) -> dict[str, Any]:
    """The names that the code block of the document defines, in a project with these settings."""
    (code,) = re.findall(r"```python\n(.*?)```", SIGNER, re.DOTALL)
    guarded_s3.put(SeedObject(f"edrcontainer1/{STORED}", PDF))
    project = override_settings(
        AWS_LOCATION="edrcontainer1/",
        AWS_QUERYSTRING_EXPIRE=600,
        AWS_S3_ENDPOINT_URL=guarded_s3.endpoint_url,
        AWS_S3_REGION_NAME="sgp1",
        AWS_ACCESS_KEY_ID=guarded_s3.access_key_id,
        AWS_SECRET_ACCESS_KEY=guarded_s3.secret_access_key,
        AWS_STORAGE_BUCKET_NAME=guarded_s3.bucket,
    )
    with project:
        names: dict[str, Any] = {}
        exec(compile(code, "docs/backend-signer.md", "exec"), names)  # its settings are read when it is imported too
        yield names


def opened(url: str) -> tuple[int, bytes]:
    answer = urllib3.request("GET", url, retries=False)
    return answer.status, answer.data


@pytest.mark.parametrize("stored", [STORED, f"edrcontainer1/{STORED}"])
def test_the_corrected_signers_link_opens(signer: dict[str, Any], stored: str) -> None:
    url = signer["signed_url"](stored)
    assert opened(url) == (200, PDF)
    assert "X-Amz-Expires=600" in url
    assert "AWS4-HMAC-SHA256" in url


def test_the_bare_stored_key_answers_nosuchkey(signer: dict[str, Any]) -> None:
    """The founding fault: the same signer, without the rule."""
    signer["object_key"] = lambda stored: stored
    status, body = opened(signer["signed_url"](STORED))
    assert (status, b"<Code>NoSuchKey</Code>" in body) == (404, True)


@pytest.mark.parametrize(
    "stored", [STORED, f"edrcontainer1/{STORED}", "/a.pdf", "edrcontainer10/a.pdf", "a//../b", "é"]
)
def test_the_corrected_signer_has_our_rule(signer: dict[str, Any], stored: str) -> None:
    assert signer["object_key"](stored) == keys.resolve(stored, location="edrcontainer1")


@pytest.mark.parametrize(("stored", "seconds"), [("", 600), (STORED, 0), (STORED, 604_801), (STORED, -5)])
def test_the_corrected_signer_refuses_what_would_not_open(signer: dict[str, Any], stored: str, seconds: int) -> None:
    with pytest.raises(ValueError, match=r"names no file|1 second to 7 days"):
        signer["signed_url"](stored, expires_s=seconds)


def test_the_table_of_the_catalogue_is_the_catalogue() -> None:
    first, _, rest = CATALOGUE_PAGE.partition("\n| place | code |")
    assert rest, f"no table in {first[:40]}"
    assert rest.split("\n\n")[0].strip().splitlines()[2:] == [
        f"| {place} | `{code}` | {wording.ABOUT[entry.about]} | {entry.needs} | {wording.MEND[entry.mend]} | "
        f"{entry.severity} | {wording.CODE[code].developers.partition('. ')[0].rstrip('.')}. |"
        for place, (code, entry) in enumerate(CATALOGUE.items(), start=1)
    ]


def test_every_word_of_the_catalogues_columns_is_explained() -> None:
    explained = set(re.findall(r"^\* `([a-z_]+)`: ", CATALOGUE_PAGE, re.MULTILINE))
    assert explained == {*Needs, *Severity}


def test_the_signer_of_a_plan_is_the_one_of_the_document() -> None:
    assert re.findall(r"```python\n(.*?)```", SIGNER, re.DOTALL) == [plan_signer.SIGNER]
