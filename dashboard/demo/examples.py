"""What is worth typing into the search box of the demo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta

from dashboard.demo import damage, people
from dashboard.demo.clinic import Clinic
from dashboard.demo.damage import Damage


def of(clinic: Clinic, *, endpoint_url: str) -> tuple[tuple[str, str], ...]:
    """Return button labels with search texts: a phone, a name, two ids, something broken, a pasted link."""
    tables = clinic.tables
    hurt = {pdf.prescription_id: clinic.damages[pdf.id] for pdf in tables.prescription_pdfs if pdf.id in clinic.damages}
    versions = Counter(pdf.prescription_id for pdf in tables.prescription_pdfs)
    plain = {user.id: user for user in tables.users if user.name.startswith(people.GIVEN_NAMES)}
    shown = [item for item in reversed(tables.prescriptions) if item.patient_id in plain and item.consultation_id]
    visits = Counter(item.patient_id for item in shown if item.id not in hurt and versions[item.id])
    (often, _), (second, _) = visits.most_common(2)
    three = next(item for item in shown if versions[item.id] == 3 and not item.is_draft)
    gone = next(item for item in shown if hurt.get(item.id) is Damage.UPLOAD_DIED)
    linked = next(
        pdf
        for pdf in reversed(tables.prescription_pdfs)
        if pdf.id not in clinic.damages and pdf.prescription_id not in {three.id, gone.id} and pdf.is_current
    )
    phone = plain[often].phone
    assert three.consultation_id is not None
    assert gone.consultation_id is not None
    return (
        ("A phone number", f"{phone[3:8]} {phone[8:]}"),
        ("Two of the same name", people.ALIKE),
        ("A patient", second),
        ("A visit with three versions", three.consultation_id),
        ("A missing PDF", gone.consultation_id),
        ("A pasted link", f"{endpoint_url}/{damage.BUCKET}/{damage.LOCATION}/{linked.pdf_file}"),
    )


HEALTHY = "healthy"
PUZZLED = (Damage.TRAILING_NEWLINE, Damage.OLD_LOCATION_MOVED, Damage.PERCENT_ENCODED, Damage.UPLOAD_DIED)


def stored_keys(clinic: Clinic) -> Mapping[str, str]:
    """Return a stored key that is healthy, and one of each damage that is worth explaining."""
    pdfs = sorted(clinic.tables.prescription_pdfs, key=lambda pdf: pdf.id, reverse=True)
    drafts = {item.id for item in clinic.tables.prescriptions if item.is_draft}
    whole = (pdf for pdf in pdfs if pdf.id not in clinic.damages and pdf.is_current)
    found = {HEALTHY: next(pdf.pdf_file for pdf in whole if pdf.prescription_id not in drafts)}
    for pdf in pdfs:
        if (hurt := clinic.damages.get(pdf.id)) in PUZZLED:
            found.setdefault(hurt, pdf.pdf_file)
    return found


def puzzles(stored: Mapping[str, str], *, sign: Callable[[str, timedelta], str]) -> tuple[tuple[str, str], ...]:
    """Return button labels with texts to explain; ``sign`` makes a signed link of an object key."""
    healthy = stored[HEALTHY]
    right = sign(f"{damage.LOCATION}/{healthy}", timedelta(days=1))
    half = len(right) // 2
    return (
        ("A link of the bare key", sign(healthy, timedelta(days=1))),
        ("A link from a mail", f"Dear all, here it is: <{right[:half]}\n{right[half:].replace('&', '&amp;')}>."),
        ("The browser's page", ERROR_PAGE.format(bucket=damage.BUCKET)),
        ("A line break at the end", stored[Damage.TRAILING_NEWLINE]),
        ("An old location", stored[Damage.OLD_LOCATION_MOVED]),
        ("Never uploaded", stored[Damage.UPLOAD_DIED]),
    )


ERROR_PAGE = (
    "This XML file does not appear to have any style information associated with it. The document tree is shown below.\n"
    "<Error><Code>NoSuchKey</Code><Message/><BucketName>{bucket}</BucketName>"
    "<RequestId>tx00000a1b2c3d4e5f60718-0065f1c2d3-5a5a5a-sgp1b</RequestId><HostId>5a5a5a-sgp1b-sgp1-zg02</HostId></Error>"
)
