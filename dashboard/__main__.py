"""``python -m dashboard …``

Ctrl+C while the modules are imported ends the process as it ends any program: Python would print where it was.
"""

from __future__ import annotations

import gc
import signal


def _main() -> None:
    is_pythons = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # or it is ignored, in the background
    if is_pythons:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()  # what is imported stays: looking through it, now or later, would find nothing
    from dashboard.cli import main  # half a second

    gc.freeze()
    gc.enable()
    if is_pythons:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        main()
    finally:
        gc.freeze()  # Python looks through all that it holds before it ends: a third of a second after a long command


if __name__ == "__main__":
    _main()
