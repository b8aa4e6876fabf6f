"""What is planted and must not be found: odd, young, or not ours, and nothing wrong with it."""

from __future__ import annotations

from datetime import timedelta

from storages.utils import clean_name, safe_join

from lib.catalogue import Code
from lib.findings import Kind
from tests.parts.broken_keys import BUCKET, LOCATION, OLD
from tests.parts.planted import FOLDER, OWNED, Garden, Row, md5_of
from tests.stores.odd_keys import DOTTED_KEYS, ODD_KEYS

# What an odd key is to a rule that means another one by it, where it opens all the same.
DISAGREEING = {
    "edrcontainer1/prescriptions/pdfs/2025/11/12/a.pdf": Code.LOCATION_DOUBLED_IN_URL,
    "back\\slash.pdf": Code.BACKSLASH,
    "/leading slash.pdf": Code.LEADING_SLASH,
    "double//slash.pdf": Code.DOUBLE_SLASH,
    "here/./dot.pdf": Code.DOT_SEGMENT,
    "up/../dots.pdf": Code.DOT_SEGMENT,
    "https://edrspace.sgp1.digitaloceanspaces.com/edrcontainer1/a.pdf": Code.URL_VIRTUAL_HOST,
}
IN_NAMES = ("a b", "a+b", "a%b", "a%20b", "a#b", "a?b", "a&b", "a'b", "caf\u00e9", "cafe\u0301", "\U0001f600", "a\nb")


def plant_all(garden: Garden, *, times: int) -> None:
    """Plant the odd keys once, and the rest so many times."""
    for stored in (*ODD_KEYS, *DOTTED_KEYS):
        odd(garden, stored)
    for name in IN_NAMES:
        odd(garden, f"{FOLDER}/CON{garden.rng.randrange(10**6, 10**7)}/{name}.pdf")
    for at in range(times):
        knows_little(garden)
        drafts_and_versions(garden)
        young(garden)
        not_ours(garden, at)


def odd(garden: Garden, stored: str) -> None:
    """A key that a sloppy client changes on the way. Where the storage's rule means another one, that is all that is found."""
    if len(stored) == 1024:
        stored = stored[: -len(f"{LOCATION}/")]
    is_same = _written(stored) == _signed(stored)
    assert is_same == (stored not in DISAGREEING), stored
    code, stored = DISAGREEING.get(stored), stored.replace(BUCKET, garden.bucket)
    body = garden.body()
    row = garden.row(stored, body, f"healthy, with the odd key {stored[:40]!r}", whose=(garden.patient()[0], None))
    garden.lay(_signed(stored), body)
    if code is not None:
        garden.expect(Kind.RESOLVERS_DISAGREE, code, row)


def knows_little(garden: Garden) -> None:
    """Rows that say little of their file, or say it otherwise."""
    for sort, more in (
        ("no size", {"size_bytes": None}),
        ("no MD5", {"checksum": ""}),
        ("neither size nor MD5", {"size_bytes": None, "checksum": ""}),
        ("an MD5 in capitals", {}),
        ("a SHA-256 where the MD5 stands", {"checksum": "0f" * 32}),
        ("uploaded in parts", {}),
        ("no consultation in the row", {}),
        ("the consultation in small letters", {}),
        ("a placeholder for the consultation", {}),
    ):
        whose = garden.patient()
        consultation, body = whose[1], garden.body()
        if "capitals" in sort:
            more = {"checksum": md5_of(body).upper()}
        if "no consultation" in sort:
            whose = (whose[0], "")
        folder = consultation.lower() if "small letters" in sort else consultation
        stored = garden.stored("no-consultation" if "placeholder" in sort else folder)
        row = garden.row(stored, body, f"healthy: {sort}", whose=(whose[0], whose[1] or None), **more)
        garden.lay(f"{LOCATION}/{row.stored}", body, is_multipart="in parts" in sort)


def drafts_and_versions(garden: Garden) -> None:
    """A draft, and a prescription with three versions of which the last is current, each with its object."""
    whose = garden.patient()
    _healthy(garden, "a draft", whose=whose, is_draft=True)
    first: Row | None = None
    for version in (1, 2, 3):
        row = _healthy(garden, f"version {version} of 3", of=first, version=version, is_current=version == 3)
        first = first or row


def young(garden: Garden) -> None:
    """A row and an object that are on their way, each without the other."""
    whose = garden.patient()
    garden.row(
        garden.stored(whose[1]),
        garden.body(),
        "written a moment ago, its object on its way",
        whose=whose,
        generated_at=garden.now + timedelta(hours=1),  # whenever the audit begins
    )
    key = f"{LOCATION}/{garden.stored(garden.patient()[1])}"
    garden.lay(key, garden.body())
    garden.young.add(key)


def not_ours(garden: Garden, at: int) -> None:
    """Objects that no row names, outside the owned prefixes or nothing but a folder."""
    name = garden.rng.randbytes(16).hex()
    consultation = garden.patient()[1]
    for key in (
        f"{name}.pdf",
        f"{FOLDER}/{consultation}/{name}.pdf",  # at the bucket's root
        f"{OLD}/{FOLDER}/{consultation}/{name}.pdf",
        f"{LOCATION}/{LOCATION}/{FOLDER}/{consultation}/{name}.pdf",
        f"{LOCATION}0/{FOLDER}/{consultation}/{name}.pdf",
        f"{LOCATION}/profile_pictures/{name}.jpg",
        f"{LOCATION}/prescriptions/pdfs2/{name}.pdf",
        f"backups/2026/{name}.sql.gz",
    ):
        garden.lay(key, garden.body())
    garden.lay(f"{OWNED}{consultation}/", b"", content_type="application/x-directory")
    for key in (f"{OWNED}{consultation}/.keep", f"{OWNED}{consultation}/{name}.DS_Store"):
        garden.lay(key, b"ignored")
    # Another table's column names it.
    key = f"{OWNED}{consultation}/{name}-report.pdf"
    garden.lay(key, garden.body())
    garden.reports.append(key.removeprefix(f"{LOCATION}/"))
    if at == 0:
        garden.lay(OWNED, b"", content_type="application/x-directory")


def healthy(garden: Garden, *, count: int) -> None:
    """Plain rows with their objects: what a clinic has most of."""
    for _ in range(count):
        _healthy(garden, "healthy")


def _healthy(garden: Garden, sort: str, **more: object) -> Row:
    of = more.get("of")
    whose = (of.patient, of.consultation or "") if isinstance(of, Row) else more.pop("whose", None) or garden.patient()
    assert isinstance(whose, tuple)
    body = garden.body()
    row = garden.row(garden.stored(whose[1]), body, sort, whose=whose, **more)  # type: ignore[arg-type]
    garden.lay(f"{LOCATION}/{row.stored}", body)
    return row


def _signed(stored: str) -> str:
    return stored if stored.startswith(f"{LOCATION}/") else f"{LOCATION}/{stored}"


def _written(stored: str) -> str | None:
    """Return the key that django-storages itself writes, None where it refuses."""
    try:
        return safe_join(LOCATION, clean_name(stored))
    except ValueError:
        return None
