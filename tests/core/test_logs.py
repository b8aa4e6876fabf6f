"""No log line holds a secret: whoever writes it, whatever handler prints it."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from dashboard import logs

LINK = (
    "https://sgp1.example/edrspace/a.pdf?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDLEAK%2F20261124"
    "&X-Amz-Security-Token=TOKENLEAK&X-Amz-Signature=51617c"
)


@pytest.fixture
def restored() -> Iterator[None]:
    """Put logging back as it was: it belongs to the whole process."""
    root, factory = logging.getLogger(), logging.getLogRecordFactory()
    handlers, level = list(root.handlers), root.level
    access = logging.getLogger("uvicorn.access")
    was = list(access.handlers), access.propagate, access.disabled
    yield
    logging.setLogRecordFactory(factory)
    root.handlers[:] = handlers
    root.setLevel(level)
    access.handlers[:], access.propagate, access.disabled = was


def written_by_a_foreign_handler(message: str, *values: object, error: BaseException | None = None) -> str:
    """Log as Streamlit does: a logger with a handler and a formatter of its own, that hands nothing on."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    foreign = logging.getLogger("tests.foreign")
    foreign.propagate = False
    foreign.handlers[:] = [handler]
    foreign.error(message, *values, exc_info=error, stack_info=error is not None)
    foreign.handlers.clear()
    return stream.getvalue()


@pytest.mark.parametrize(
    ("text", "kept", "cut"),
    [
        (LINK, ["sgp1.example", "X-Amz-Signature=***"], ["51617c", "TOKENLEAK", "AKIDLEAK"]),
        (LINK.replace("&", "&amp;"), ["X-Amz-Signature=***"], ["51617c", "TOKENLEAK"]),
        ("signed_url=x%3FX-Amz-Signature%3D51617c%26a", ["a"], ["51617c"]),
        ("a.pdf?AWSAccessKeyId=AKIDLEAK&Signature=51617c&Expires=9", ["Expires=9"], ["AKIDLEAK", "51617c"]),
        ("postgresql://clinic:s3cret@db/app", ["postgresql://clinic:***@db/app"], ["s3cret"]),
        ("postgresql://clinic:p@ss:w/rd@db:5432/app", ["@db:5432/app"], ["p@ss", "w/rd", "ss:w"]),
        ("postgresql://:s3cret@db/app", ["@db/app"], ["s3cret"]),
        ("host=db user=clinic password=s3cret dbname=app", ["dbname=app"], ["s3cret"]),
        ("host=db password='two words' dbname=app", ["dbname=app"], ["two", "words"]),
        ("{'password': 's3cret', 'host': 'db'}", ["'host': 'db'"], ["s3cret"]),
        ("AWS_SECRET_ACCESS_KEY=wJalrX/K7 next", ["next"], ["wJalrX"]),
        ("DASHBOARD_SECRET_KEY='wJalrX' next", ["next"], ["wJalrX"]),
        ("Authorization: AWS4-HMAC-SHA256 Credential=AKIDLEAK/2026, Signature=51617c", [], ["AKIDLEAK", "51617c"]),
        ("GET http://127.0.0.1:8501/search?record=12", ["http://127.0.0.1:8501/search?record=12"], []),
    ],
)
def test_secrets_are_cut_out_and_the_rest_stays(text: str, kept: list[str], cut: list[str]) -> None:
    shown = logs.redact(text)
    assert [each for each in kept if each not in shown] == []
    assert [each for each in cut if each in shown] == []


@pytest.mark.usefixtures("restored")
def test_a_handler_that_is_not_ours_prints_no_secret_of_a_message_or_an_exception() -> None:
    logs.set_up()
    cause = ValueError("could not connect: postgresql://clinic:s3cret@db/app")
    try:
        raise RuntimeError(f"GET {LINK}") from cause
    except RuntimeError as error:
        shown = written_by_a_foreign_handler("asked %s", LINK, error=error)
    assert "RuntimeError" in shown
    assert "ValueError" in shown
    assert [secret for secret in ("51617c", "TOKENLEAK", "AKIDLEAK", "s3cret") if secret in shown] == []


@pytest.mark.usefixtures("restored")
def test_a_line_whose_values_do_not_fit_its_message_holds_no_secret_either(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    logging.getLogger("tests.odd").error("%d rows", LINK)
    assert "51617c" not in capsys.readouterr().err


@pytest.mark.usefixtures("restored")
def test_the_access_log_stays_off(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    logging.getLogger("uvicorn.access").warning("GET /?record=12")
    assert capsys.readouterr().err == ""
