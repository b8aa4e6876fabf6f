"""What is worth typing into the search box of the demo."""

from __future__ import annotations

from collections import Counter

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
