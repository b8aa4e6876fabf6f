"""The process of a run that a screen started: ``python -m dashboard.audit_worker RUN FENCE``. Not for people."""

from __future__ import annotations

import logging
import os
import signal
import sys

from dashboard import audit_runs, logs
from dashboard.audit_wiring import office
from lib.audit_book import LeaseLost
from lib.audits import Status
from lib.settings import Settings


def main() -> None:
    """Work the run whose lease was taken for this process, and end."""
    logs.set_up()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the run is cancelled, not lost
    run_id, fence = int(sys.argv[1]), int(sys.argv[2])
    settings = Settings.load()
    using = office(settings)
    run = using.audits.runs.run(run_id)
    if run is None or run.fence != fence or run.status is not Status.RUNNING:
        return
    try:
        audit_runs.worked(run, settings, using=using)
    except LeaseLost:
        return
    except Exception:  # the one catch-all of this process: what happened is in its log, and the run in the book
        logging.getLogger("dashboard").exception("the check of all files ended")
        os._exit(2)
    os._exit(0)  # a thread that still waits for an answer would hold the process


if __name__ == "__main__":
    main()
