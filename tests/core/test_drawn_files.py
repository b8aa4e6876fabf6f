"""Only what the server draws or hands over is a file that was sent; what somebody typed comes back too, and is none."""

import json

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from dashboard import drawn_files

FILE = "/media/32c6e0c2b9042954b2a9e572bf7d3f1c.pdf"


def component(name: str, data: str) -> bytes:
    message = ForwardMsg()
    message.delta.new_element.bidi_component.component_name = name
    message.delta.new_element.bidi_component.json = data
    return bytes(message.SerializeToString())


def test_the_pdf_that_is_drawn_was_sent() -> None:
    drawn = component(drawn_files.PDF_VIEWER, json.dumps({"file": FILE, "alt": "The PDF of record 1"}))
    assert drawn_files.addresses(drawn) == (FILE,)


def test_the_file_of_a_deferred_download_was_sent() -> None:
    message = ForwardMsg()
    message.backend_operation_response.deferred_file.url = FILE
    assert drawn_files.addresses(message.SerializeToString()) == (FILE,)


@pytest.mark.parametrize("typed", [FILE, f"{FILE} ", f"x {FILE}/"])
def test_an_address_that_was_typed_and_comes_back_in_its_field_was_not_sent(typed: str) -> None:
    message = ForwardMsg()
    message.delta.new_element.text_input.value = typed
    assert drawn_files.addresses(message.SerializeToString()) == ()


@pytest.mark.parametrize(
    "message",
    [
        component("dashboard.copy", json.dumps({"file": FILE, "text": FILE})),  # a report holds the page's address
        component(drawn_files.PDF_VIEWER, json.dumps({"file": "https://elsewhere.example", "alt": FILE})),
        component(drawn_files.PDF_VIEWER, json.dumps([FILE])),
        component(drawn_files.PDF_VIEWER, FILE),
        b"\xff" + FILE.encode(),
    ],
)
def test_no_other_place_in_a_message_sends_a_file(message: bytes) -> None:
    assert drawn_files.addresses(message) == ()
