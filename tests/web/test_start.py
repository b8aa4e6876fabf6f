"""``run`` outside the demo: nobody can be let in before somebody can sign in."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from dashboard.wording.people import NOBODY_YET
from tests.parts.chromium import ROOT, start_app
from tests.parts.served import Served


def settings(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DASHBOARD_"))}
    return kept | {
        "DASHBOARD_ENV_FILE": "",
        "DATABASE_URL": f"sqlite:///{folder}/records.sqlite3",
        "DASHBOARD_DATABASE_URL": f"sqlite:///{folder}/ledger.sqlite3",
        "DASHBOARD_SECRET_KEY": "s" * 48,
        "AWS_STORAGE_BUCKET_NAME": "edrspace",
        "AWS_S3_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_LOCATION": "edrcontainer1",
        **more,
    }


def command(*words: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dashboard", *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
    )


def test_without_anybody_who_can_sign_in_the_start_is_refused_and_the_command_named(tmp_path: Path) -> None:
    done = command("run", "--port", "0", env=settings(tmp_path))
    assert (done.returncode, done.stdout, done.stderr.splitlines()[-1]) == (2, "", NOBODY_YET)


def test_another_address_is_served_behind_https_only(tmp_path: Path) -> None:
    plain = command("run", "--host", "0.0.0.0", env=settings(tmp_path, DASHBOARD_PUBLIC_URL="http://rx.example"))
    assert (plain.returncode, plain.stderr.split(":")[0]) == (2, "--host")


def test_the_first_owner_is_added_and_the_app_starts_at_its_public_address_alone(tmp_path: Path) -> None:
    env = settings(tmp_path, DASHBOARD_PUBLIC_URL="https://rx.example")
    assert command("migrate", env=env).returncode == 0
    added = command("people", "add", "Asha", "--role", "owner", env=env)
    assert re.fullmatch(r"https://rx\.example/set-password\?token=[\w-]{43}\n", added.stdout)
    app = start_app(env=env)
    try:
        served = Served(int(app.url.rpartition(":")[2]))
        path = added.stdout.strip().removeprefix("https://rx.example")
        page = served.ask(path, host="rx.example")
        assert (page.status, b'value="Asha"' in page.body) == (200, True)
        assert "__Host-dashboard-session-form=" in page.headers["set-cookie"]
        assert page.headers["referrer-policy"] == "strict-origin"
        assert served.ask(path).status == 400
    finally:
        app.stop()
    assert not [line for line in app.lines if "token=" in line]
