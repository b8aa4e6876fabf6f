"""Which files a message of Streamlit's lets the browser load. Knows the two places in which the screens send an address.

The bytes are not searched: a message also repeats what somebody typed, and an address that was typed is not one that
was sent.
"""

from __future__ import annotations

import json

from google.protobuf.message import DecodeError
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from dashboard.sent_files import FOLDER

PDF_VIEWER = "streamlit-pdf.pdf_viewer"  # what ``st.pdf`` draws (streamlit-pdf 2.1.0)


def addresses(message: bytes) -> tuple[str, ...]:
    """Return the addresses of the PDF that is drawn, or of the file that was asked for (a deferred download)."""
    if FOLDER.encode("ascii") not in message:
        return ()
    read = ForwardMsg()
    try:
        read.ParseFromString(message)
    except DecodeError:
        return ()
    found = _drawn(read) if read.WhichOneof("type") == "delta" else read.backend_operation_response.deferred_file.url
    return (found,) if isinstance(found, str) and found.startswith(FOLDER) else ()


def _drawn(read: ForwardMsg) -> object:
    component = read.delta.new_element.bidi_component
    if component.component_name != PDF_VIEWER:
        return None
    try:
        data = json.loads(component.json)
    except ValueError:
        return None
    return data.get("file") if isinstance(data, dict) else None
