from __future__ import annotations

import hashlib
import io
import re
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import phonenumbers
import pytest
from phonenumbers import carrier
from pypdf import PdfReader

from dashboard.demo import clinic, damage, examples, pdfs, people, seeds, tables
from dashboard.demo.clinic import Clinic
from dashboard.demo.damage import Damage
from lib.diagnosis import State

NOW = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)
AT_MIDNIGHT_IN_INDIA = datetime(2026, 3, 1, 18, 30, tzinfo=UTC)
ON_A_SUNDAY = datetime(2027, 1, 3, 3, 0, tzinfo=UTC)
ON_A_LEAP_DAY = datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)


@pytest.fixture(scope="module")
def built() -> Clinic:
    return clinic.build(now=NOW)


def text_of(body: bytes) -> str:
    reader = PdfReader(io.BytesIO(body), strict=True)
    assert len(reader.pages) == 1
    return reader.pages[0].extract_text()


def signed(stored: str) -> str:
    """The signer's rule, written down once more: the demo must not be judged by the code that it shows."""
    return stored if stored.startswith("edrcontainer1/") else "edrcontainer1/" + stored


def state_of(row: tables.Pdf, bucket: dict[str, seeds.Seed]) -> State:
    found = bucket.get(signed(row.pdf_file))
    if found is None:
        return State.MISSING
    size_differs = row.file_size is not None and row.file_size != len(found.body)
    md5_differs = bool(row.checksum) and not found.is_multipart and row.checksum != md5(found.body)
    return State.DAMAGED if size_differs or md5_differs else State.FOUND


def md5(body: bytes) -> str:
    return hashlib.md5(body).hexdigest()


def test_the_clinic_has_the_size_that_it_promises(built: Clinic) -> None:
    assert len(built.tables.clinics) == 3
    assert Counter(user.role for user in built.tables.users) == {"patient": 400, "doctor": 10, "admin": 3}
    assert len(built.tables.prescription_pdfs) == 1500


def test_the_same_instant_gives_the_same_clinic(built: Clinic) -> None:
    assert clinic.build(now=NOW) == built


@pytest.mark.parametrize("days", range(7))
def test_whatever_the_day_and_the_hour_the_same_records_have_the_same_wrong_with_them(built: Clinic, days: int) -> None:
    def timeless(each: Clinic) -> list[object]:
        rows = each.tables
        return [
            [(one.id, one.patient_id, one.clinic_id) for one in rows.consultations],
            [(one.id, one.consultation_id, one.patient_id, one.is_draft) for one in rows.prescriptions],
            [
                (one.id, one.prescription_id, one.version_number, one.is_current, one.pdf_file)
                for one in rows.prescription_pdfs
            ],
            each.damages,
        ]

    assert timeless(clinic.build(now=NOW + timedelta(days=days, hours=3 * days, minutes=7))) == timeless(built)


@pytest.mark.parametrize("now", [AT_MIDNIGHT_IN_INDIA, ON_A_SUNDAY, ON_A_LEAP_DAY])
def test_any_instant_gives_a_whole_clinic(now: datetime, tmp_path: Path) -> None:
    other = clinic.build(now=now)
    assert len(other.tables.prescription_pdfs) == 1500
    assert max(pdf.generated_at for pdf in other.tables.prescription_pdfs) <= now
    assert Counter(other.damages.values()) == damage.HOW_MANY
    assert len(examples.of(other, endpoint_url="http://127.0.0.1:1")) == 6
    tables.write(other.tables, tmp_path / "records.sqlite3")


def test_the_database_takes_every_row(built: Clinic, tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite3"
    tables.write(built.tables, path)
    connection = sqlite3.connect(path)
    counts = connection.execute("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM prescription_pdfs)")
    assert counts.fetchone() == (413, 1500)
    (latest,) = connection.execute("SELECT max(generated_at) FROM prescription_pdfs").fetchone()
    assert re.fullmatch(r"2026-11-24 0\d:\d\d:\d\d\.\d{6}", latest)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def test_every_value_fits_its_column(built: Clinic) -> None:
    assert max(len(pdf.pdf_file) for pdf in built.tables.prescription_pdfs) == 100
    assert max(len(user.name) for user in built.tables.users) == 100
    assert all(len(user.id) <= 20 and len(user.phone) <= 17 for user in built.tables.users)


def test_pdfs_spread_over_fourteen_months_up_to_now_and_some_are_of_today(built: Clinic) -> None:
    times = [pdf.generated_at for pdf in built.tables.prescription_pdfs]
    assert times == sorted(times)
    assert NOW - timedelta(days=426) < times[0] < NOW - timedelta(days=400)
    assert times[-1] <= NOW
    midnight_in_india = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
    assert 5 <= sum(time >= midnight_in_india for time in times) <= 20


def test_versions_number_up_and_the_highest_is_current_but_for_a_few(built: Clinic) -> None:
    versions: dict[int, list[tables.Pdf]] = {}
    for pdf in built.tables.prescription_pdfs:
        versions.setdefault(pdf.prescription_id, []).append(pdf)
    assert {len(pdfs_of) for pdfs_of in versions.values()} == {1, 2, 3}
    for pdfs_of in versions.values():
        assert [pdf.version_number for pdf in pdfs_of] == list(range(1, len(pdfs_of) + 1))
    current = Counter(sum(pdf.is_current for pdf in pdfs_of) for pdfs_of in versions.values())
    assert (current[0], current[2]) == (4, 4)
    assert set(current) == {0, 1, 2}
    assert len(built.tables.prescriptions) - len(versions) == 24  # prescriptions without any PDF


def test_drafts_and_rows_without_consultation_or_clinic_are_there(built: Clinic) -> None:
    assert sum(item.is_draft for item in built.tables.prescriptions) == 45
    assert sum(item.consultation_id is None for item in built.tables.prescriptions) == 18
    assert sum(item.clinic_id is None for item in built.tables.consultations) == 18
    assert built.tables.consultations[0].id == "CON001"


def test_every_named_damage_is_there_and_shows_the_state_that_it_must(built: Clinic) -> None:
    assert Counter(built.damages.values()) == damage.HOW_MANY
    bucket = {seed.key: seed for seed in built.seeds}
    rows = built.tables.prescription_pdfs
    wrong = {
        (row.id, built.damages.get(row.id), state_of(row, bucket))
        for row in rows
        if state_of(row, bucket)
        != (damage.expected_state(built.damages[row.id]) if row.id in built.damages else State.FOUND)
    }
    assert wrong == set()
    broken = sum(state_of(row, bucket) is not State.FOUND for row in rows)
    assert 0.02 < broken / len(rows) < 0.04


def test_a_missing_file_lies_elsewhere_unless_its_upload_died(built: Clinic) -> None:
    bucket = {seed.key: seed for seed in built.seeds}
    by_md5 = {md5(seed.body) for seed in built.seeds}
    for row in built.tables.prescription_pdfs:
        if state_of(row, bucket) is State.MISSING:
            assert (row.checksum in by_md5) == (built.damages[row.id] is not Damage.UPLOAD_DIED)


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        (Damage.ALREADY_PREFIXED, r"edrcontainer1/prescriptions/pdfs/CON\d+/[0-9a-f]{32}\.pdf"),
        (Damage.OLD_LOCATION, r"media/prescriptions/pdfs/CON\d+/[0-9a-f]{32}\.pdf"),
        (Damage.BUCKET_FIRST, r"edrspace/prescriptions/pdfs/CON\d+/[0-9a-f]{32}\.pdf"),
        (Damage.BUCKET_AND_LOCATION_FIRST, r"edrspace/edrcontainer1/prescriptions/pdfs/CON\d+/[0-9a-f]{32}\.pdf"),
        (Damage.SIBLING_LOCATION, r"edrcontainer10/.*"),
        (Damage.PERCENT_ENCODED, r"prescriptions/pdfs/CON\d+/scan%20of%20[0-9a-f]{8}\.pdf"),
        (Damage.TRAILING_SPACE, r".*\.pdf "),
        (Damage.TRAILING_NEWLINE, r".*\.pdf\n"),
        (Damage.LEADING_SLASH, r"/prescriptions/.*"),
        (Damage.DOUBLE_SLASH, r"prescriptions/pdfs//CON.*"),
        (Damage.NFD_STORED, "prescriptions/.*re\u0301sume\u0301.*"),
        (Damage.NFC_STORED, "prescriptions/.*r\u00e9sum\u00e9.*"),
        (Damage.EMPTY_KEY, r""),
        (Damage.CUT_AT_100, r"prescriptions/.{86}"),
        (Damage.FULL_URL, r"https://edrspace\.sgp1\.digitaloceanspaces\.com/edrcontainer1/prescriptions/.*\.pdf"),
    ],
)
def test_a_damaged_row_stores(built: Clinic, kind: Damage, pattern: str) -> None:
    stored = [row.pdf_file for row in built.tables.prescription_pdfs if built.damages.get(row.id) is kind]
    assert len(stored) == damage.HOW_MANY[kind]
    assert [key for key in stored if not re.fullmatch(pattern, key)] == []


def test_a_shared_object_is_named_by_rows_of_two_patients(built: Clinic) -> None:
    patient = {item.id: item.patient_id for item in built.tables.prescriptions}
    (row,) = (row for row in built.tables.prescription_pdfs if built.damages.get(row.id) is Damage.SHARED_OBJECT)
    same = [other for other in built.tables.prescription_pdfs if other.pdf_file == row.pdf_file]
    assert len({patient[other.prescription_id] for other in same}) == 2


def test_the_wrong_folder_is_that_of_another_patients_consultation(built: Clinic) -> None:
    patient_of_visit = {visit.id: visit.patient_id for visit in built.tables.consultations}
    patient = {item.id: item.patient_id for item in built.tables.prescriptions}
    (row,) = (row for row in built.tables.prescription_pdfs if built.damages.get(row.id) is Damage.WRONG_FOLDER)
    assert patient_of_visit[row.pdf_file.split("/")[2]] != patient[row.prescription_id]


def test_a_few_objects_are_public_multipart_or_named_by_no_row(built: Clinic) -> None:
    assert 3 / 50 < sum(seed.is_public for seed in built.seeds) / len(built.seeds) < 4 / 50  # about 3 of a sample
    assert sum(seed.is_multipart for seed in built.seeds) == 3
    assert "somebody-else/readme.txt" in {seed.key for seed in built.seeds}
    assert len({seed.key for seed in built.seeds}) == len(built.seeds)


def test_a_pdf_says_whose_it_is_and_that_it_is_a_demo(built: Clinic) -> None:
    bucket = {seed.key: seed for seed in built.seeds}
    names = {user.id: user.name for user in built.tables.users}
    prescriptions = {item.id: item for item in built.tables.prescriptions}
    clinics = {visit.id: visit.clinic_id for visit in built.tables.consultations}
    rows = [row for row in built.tables.prescription_pdfs if row.id not in built.damages]
    plain = [row for row in rows if names[prescriptions[row.prescription_id].patient_id].startswith(people.GIVEN_NAMES)]
    for row in plain[::100]:
        about = prescriptions[row.prescription_id]
        text = text_of(bucket[signed(row.pdf_file)].body)
        assert text.startswith("DEMO – not a real prescription\n")
        assert f"{about.patient_id}  {names[about.patient_id]}" in text
        assert names[about.doctor_id] in text
        assert f"Prescription {row.prescription_id}, version {row.version_number}" in text
        assert f"Date: {about.issued_date:%d %b %Y}" in text
        if about.consultation_id and (clinic_id := clinics[about.consultation_id]):
            assert next(each.name for each in built.tables.clinics if each.id == clinic_id) in text
        assert clinic.DIAGNOSIS not in text


def test_no_two_pdfs_are_the_same_file(built: Clinic) -> None:
    real = [seed.body for seed in built.seeds if seed.body.startswith(b"%PDF")]
    assert len({md5(body) for body in real}) == len(real) > 1450


@pytest.mark.parametrize("name", people.HOSTILE_NAMES)
def test_a_hostile_name_makes_a_readable_pdf(name: str) -> None:
    page = pdfs.template("Demo Clinic", colour=(0, 0, 0))
    facts = pdfs.Facts("Dr. Demo", name, "PAT001", 1, 1, NOW.date(), NOW, "Demovit (5 mg) \\", "at night", "Final")
    text = text_of(pdfs.fill(page, facts))
    assert "PAT001" in text
    assert "Demovit (5 mg) \\" in text
    assert "Dr. Demo" in text


def test_patients_with_hostile_or_the_same_name_have_pdfs(built: Clinic) -> None:
    with_pdf = {row.prescription_id for row in built.tables.prescription_pdfs}
    patients = {item.patient_id for item in built.tables.prescriptions if item.id in with_pdf}
    names = [user.name for user in built.tables.users if user.id in patients]
    assert {name for name in people.HOSTILE_NAMES if name not in names} == set()
    assert names.count(people.ALIKE) == 2
    assert names.count(people.NEARLY_ALIKE) == 1


def test_only_the_two_alike_share_a_name(built: Clinic) -> None:
    counts = Counter(user.name for user in built.tables.users)
    assert [name for name, count in counts.items() if count > 1] == [people.ALIKE]


def test_families_share_the_last_four_digits_of_a_phone(built: Clinic) -> None:
    ends = Counter(user.phone[-4:] for user in built.tables.users if user.role == "patient")
    assert Counter(ends.values()).keys() == {1, 2, 3, 4}
    assert len({user.phone for user in built.tables.users}) == len(built.tables.users)


def test_no_phone_can_be_anybodys_although_each_is_valid(built: Clinic) -> None:
    for user in built.tables.users:
        number = phonenumbers.parse(user.phone)
        assert phonenumbers.is_valid_number(number)
        assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == user.phone
        assert carrier.name_for_number(number, "en") == ""


def test_nobody_looks_like_a_real_person(built: Clinic) -> None:
    assert [user.name for user in built.tables.users if "demo" not in user.name.lower()] == ["डेमो आशा"]  # "Demo Asha"
    assert all(user.email is None or user.email.endswith("@demo.invalid") for user in built.tables.users)
    assert {item.primary_diagnosis for item in built.tables.prescriptions} == {clinic.DIAGNOSIS}


def test_the_examples_name_what_is_there(built: Clinic) -> None:
    found = dict(examples.of(built, endpoint_url="http://127.0.0.1:9"))
    phones = {user.phone for user in built.tables.users}
    assert "+91" + found["A phone number"].replace(" ", "") in phones
    assert found["A patient"] in {item.patient_id for item in built.tables.prescriptions}
    link = found["A pasted link"].removeprefix("http://127.0.0.1:9/edrspace/")
    assert link in {seed.key for seed in built.seeds}
    gone = next(item for item in built.tables.prescriptions if item.consultation_id == found["A missing PDF"])
    lost = [row.id for row in built.tables.prescription_pdfs if row.prescription_id == gone.id]
    assert [built.damages[row_id] for row_id in lost] == [Damage.UPLOAD_DIED]


def test_objects_travel_to_the_other_process_unchanged() -> None:
    options = seeds.Options("edrspace", "id", "secret")
    objects = [seeds.Seed("a\nb/é😀", b"\n\x00{}", is_public=True), seeds.Seed("c", b"", content_type="text/html")]
    stream = io.BytesIO()
    seeds.send(options, objects, to=stream)
    stream.seek(0)
    assert seeds.receive_options(stream) == options
    assert list(seeds.receive_seeds(stream)) == objects


def test_a_parent_that_died_while_sending_is_noticed() -> None:
    stream = io.BytesIO()
    seeds.send(seeds.Options("edrspace", "id", "secret"), [seeds.Seed("c", b"0123456789")], to=stream)
    cut = io.BytesIO(stream.getvalue()[:-8])
    seeds.receive_options(cut)
    with pytest.raises(EOFError):
        list(seeds.receive_seeds(cut))
