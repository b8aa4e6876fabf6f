"""What is planted to be found: each fault the way the world makes it, with the findings that it must give."""

from __future__ import annotations

from collections.abc import Iterator

from lib.catalogue import Code
from lib.evidence import Evidence
from lib.findings import Kind
from tests.parts.broken_keys import BUCKET, LOCATION, MISTAKES, ODD_NAMES, OLD, Scene
from tests.parts.planted import FOLDER, OWNED, Expected, Garden, Row, md5_of

# Of each, how many at least: several rows that hold one of these strings resolve to one key.
NOTHINGS = ("None", "null", "nan", "undefined", " ")


def plant_all(garden: Garden, *, times: int) -> None:
    """Plant every fault so many times."""
    for code in MISTAKES:
        if code is not Code.EMPTY:
            for _ in range(times):
                mistake(garden, code)
    for stored in ("", *NOTHINGS):
        empty(garden, stored)
    for _ in range(times):
        nowhere(garden)
        unproven(garden)
        not_as_written(garden)
        shared(garden)
        another_consultation(garden)
        versions(garden)
        disagreeing(garden)
        impossible(garden)
        lone(garden)
        public(garden)


def mistake(garden: Garden, code: Code) -> Row:
    """A key that was spoiled, or an object that went astray; the right one proves itself."""
    whose = garden.patient()
    consultation = whose[1] or ""
    for _ in range(50):
        stored = garden.stored(consultation, ODD_NAMES.get(code, "{}.pdf"))
        made = MISTAKES[code](garden.rng, Scene(stored, f"{LOCATION}/{stored}", stored.rpartition("/")[2]))
        if made is not None and made.stored.replace(BUCKET, garden.bucket) != "":
            break
    assert made is not None, code
    body = garden.body()
    row = garden.row(made.stored.replace(BUCKET, garden.bucket), body, f"{code} over {made.key}", whose=whose)
    garden.lay(made.key, body)
    _elsewhere(garden, row, code, made.key)
    return row


def empty(garden: Garden, stored: str) -> None:
    """A row that holds no name, whose PDF lies in its consultation's folder."""
    whose = garden.patient()
    body, key = garden.body(), f"{LOCATION}/{garden.stored(whose[1] or '')}"
    row = garden.row(stored, body, f"EMPTY, {stored!r}", whose=whose)
    garden.lay(key, body)
    kind = Kind.DANGLING_REFERENCE if stored.strip() else Kind.UNRESOLVABLE_KEY
    _elsewhere(garden, row, Code.EMPTY, key, kind=kind)


def nowhere(garden: Garden) -> None:
    """PDFs that are nowhere: never uploaded, deleted behind a marker, and an upload that did not end."""
    row = _plain(garden, "never uploaded", is_there=False)
    garden.expect(Kind.DANGLING_REFERENCE, Code.NEVER_UPLOADED, row)
    row = _plain(garden, "a delete marker", is_there=False)
    garden.deleted.append(f"{LOCATION}/{row.stored}")
    garden.expect(Kind.DANGLING_REFERENCE, Code.DELETE_MARKER, row)
    row = _plain(garden, "an upload in parts that never ended", is_there=False)
    garden.uploading.append(f"{LOCATION}/{row.stored}")
    garden.expect(Kind.DANGLING_REFERENCE, Code.MULTIPART_UNFINISHED, row)


def unproven(garden: Garden) -> None:
    """Right objects that cannot prove themselves, and wrong ones that look right."""
    for how in ("no MD5 in the row", "uploaded in parts"):
        whose = garden.patient()
        stored, body = garden.stored(whose[1] or ""), garden.body()
        more = {"checksum": ""} if how == "no MD5 in the row" else {}
        row = garden.row(f"{OLD}/{stored}", body, f"LOCATION_OLD, {how}", whose=whose, **more)
        garden.lay(f"{LOCATION}/{stored}", body, is_multipart=not more)
        _elsewhere(garden, row, Code.LOCATION_OLD, f"{LOCATION}/{stored}", evidence=Evidence.LIKELY)

    # The bytes lie in the folder of another consultation: named, and never to be shared.
    whose, other = garden.patient(), garden.patient()
    stored, body = garden.stored(whose[1] or ""), garden.body()
    astray = f"{OWNED}{other[1]}/{stored.rpartition('/')[2]}"
    row = garden.row(stored, body, f"MOVED into another consultation's folder, {astray}", whose=whose)
    garden.lay(astray, body)
    _elsewhere(garden, row, Code.MOVED, astray)

    # Another row's object has the bytes that this row wants: no suggestion, since it is that row's.
    mine, theirs = garden.patient(), garden.patient()
    body = garden.body()
    owner = garden.row(garden.stored(theirs[1] or ""), body, "healthy, with the bytes of another row", whose=theirs)
    garden.lay(f"{LOCATION}/{owner.stored}", body)
    row = garden.row(garden.stored(mine[1] or ""), body, f"its bytes are those of record {owner.record_id}", whose=mine)
    garden.expect(Kind.DANGLING_REFERENCE, Code.NEVER_UPLOADED, row)


def not_as_written(garden: Garden) -> None:
    """Objects whose bytes are not those of the row."""
    for sort, code, kind, wrong in (
        ("another size", Code.SIZE_MISMATCH, Kind.SIZE_DIFFERS, garden.body() + b" and more"),
        ("empty", Code.ZERO_BYTE, Kind.EMPTY_OBJECT, b""),
    ):
        row = _plain(garden, sort, is_there=False)
        garden.lay(f"{LOCATION}/{row.stored}", wrong if len(wrong) != row.size_bytes else wrong + b"x")
        garden.expect(kind, code, row)
    row = _plain(garden, "empty, and the row knows nothing", is_there=False, size_bytes=None, checksum="")
    garden.lay(f"{LOCATION}/{row.stored}", b"")
    garden.expect(Kind.EMPTY_OBJECT, Code.ZERO_BYTE, row)
    row = _plain(garden, "another size, uploaded in parts", is_there=False)
    garden.lay(f"{LOCATION}/{row.stored}", b"x" * 400, is_multipart=True)
    garden.expect(Kind.SIZE_DIFFERS, Code.SIZE_MISMATCH, row)
    for more in ({}, {"size_bytes": None}):
        whose = garden.patient()
        body = garden.body()
        row = garden.row(garden.stored(whose[1] or ""), body, f"other bytes of one size {more}", whose=whose, **more)
        garden.lay(f"{LOCATION}/{row.stored}", body[:-6] + b"XXXXX\n")
        garden.expect(Kind.CHECKSUM_DIFFERS, Code.CHECKSUM_MISMATCH, row)
    # A web page in the PDF's place: what it says of itself is known of an object that is looked at.
    row = _plain(garden, "a web page of another size", is_there=False)
    garden.lay(f"{LOCATION}/{row.stored}", b"<html>" + b"x" * 400, content_type="text/html")
    garden.expect(Kind.SIZE_DIFFERS, Code.SIZE_MISMATCH, row)
    garden.expect(Kind.WRONG_CONTENT_TYPE, Code.CONTENT_TYPE, row)


def shared(garden: Garden) -> None:
    """Two rows of one object: two versions of one prescription, and two patients'."""
    first = _plain(garden, "the first of two rows of one key, one patient", is_current=False)
    second = garden.row(
        first.stored,
        None,
        "the second of two rows of one key, one patient",
        of=first,
        version=2,
        size_bytes=first.size_bytes,
        checksum=first.checksum,
    )
    for each in (first, second):
        garden.expect(Kind.SHARED_OBJECT, Code.DUPLICATE_REFERENCE, each)
    one = _plain(garden, "the first of two rows of one key, two patients")
    another = garden.row(
        one.stored,
        None,
        "the second of two rows of one key, two patients",
        whose=(garden.patient()[0], None),
        size_bytes=one.size_bytes,
        checksum=one.checksum,
    )
    for each in (one, another):
        garden.expect(Kind.SHARED_OBJECT, Code.DUPLICATE_REFERENCE, each)


def another_consultation(garden: Garden) -> None:
    """A file that opens, and whose key names somebody else's consultation."""
    whose, other = garden.patient(), garden.patient()
    body = garden.body()
    row = garden.row(garden.stored(other[1] or ""), body, f"its key names {other[1]}, not {whose[1]}", whose=whose)
    garden.lay(f"{LOCATION}/{row.stored}", body)
    garden.expect(Kind.CONSULTATION_DIFFERS, Code.WRONG_PATIENT, row)


def versions(garden: Garden) -> None:
    """Prescriptions without a current version, with two, and with a gap. The newest row stands for them."""
    for sort, given in (
        ("no current version", ((1, False), (2, False))),
        ("two current versions", ((1, True), (2, True), (3, False))),
        ("a gap", ((1, False), (3, True))),
    ):
        first = None
        for version, is_current in given:
            row = _plain(garden, sort, of=first, version=version, is_current=is_current)
            first = first or row
        garden.expect(Kind.VERSION_STATE, Code.VERSION_STATE, row)


def disagreeing(garden: Garden) -> None:
    """Rows that open by the signer's rule, and mean another key to the storage."""
    for stored, code in (
        (f"{LOCATION}/{FOLDER}/{{con}}/{{hex}}.pdf", Code.LOCATION_DOUBLED_IN_URL),
        (f"{FOLDER}//{{con}}/{{hex}}.pdf", Code.DOUBLE_SLASH),
        (f"/{FOLDER}/{{con}}/{{hex}}.pdf", Code.LEADING_SLASH),
        (f"{FOLDER}/{{con}}\\{{hex}}.pdf", Code.BACKSLASH),
    ):
        whose, body = garden.patient(), garden.body()
        written = stored.format(con=whose[1], hex=garden.rng.randbytes(16).hex())
        row = garden.row(written, body, f"it opens, and the storage means another key: {code}", whose=whose)
        garden.lay(written if written.startswith(f"{LOCATION}/") else f"{LOCATION}/{written}", body)
        garden.expect(Kind.RESOLVERS_DISAGREE, code, row)


def impossible(garden: Garden) -> None:
    """A key of more than 1,024 bytes."""
    whose = garden.patient()
    stored = garden.stored(whose[1] or "", "x" * 1000 + "{}.pdf")
    row = garden.row(stored, garden.body(), "a key of more than 1,024 bytes", whose=whose)
    garden.expect(Kind.UNRESOLVABLE_KEY, Code.NEVER_UPLOADED, row)


def lone(garden: Garden) -> None:
    """Objects that no row names: of nobody, and a second copy of what a row has."""
    _, consultation = garden.patient()
    key = f"{LOCATION}/{garden.stored(consultation)}"
    garden.lay(key, garden.body())
    garden.expect(Kind.UNREFERENCED_OBJECT, Code.UNREFERENCED, key=key)
    # Beside an object that a row has: the same bytes under a name that is written otherwise, and other bytes there.
    for code in (Code.NEAR_DUPLICATE_OBJECTS, Code.UNREFERENCED):
        whose, body = garden.patient(), garden.body()
        stored = garden.stored(whose[1], "a b {}.pdf")
        garden.row(stored, body, "healthy, and its name lies there twice", whose=whose)
        garden.lay(f"{LOCATION}/{stored}", body)
        key = f"{LOCATION}/{stored.replace('a b', 'a%20b')}"
        garden.lay(key, body if code is Code.NEAR_DUPLICATE_OBJECTS else garden.body())
        garden.expect(Kind.UNREFERENCED_OBJECT, code, key=key)


def public(garden: Garden) -> None:
    """A healthy row whose file the world can read. What of it is found depends on who is asked (``Planted.public``)."""
    row = _plain(garden, "healthy, and anyone may read it", is_there=False)
    garden.lay(f"{LOCATION}/{row.stored}", _bytes_of(garden, row), is_public=True)


def _bytes_of(garden: Garden, row: Row) -> bytes:
    """Give a row a body, and return it."""
    body = garden.body()
    at = row.record_id - 1
    fields = {name: getattr(row, name) for name in Row.__dataclass_fields__}
    garden.rows[at] = Row(**fields | {"size_bytes": len(body), "checksum": md5_of(body)})
    return body


def _plain(garden: Garden, sort: str, *, is_there: bool = True, **more: object) -> Row:
    """Add a row as the application writes it, with its object."""
    of = more.get("of")
    whose = (of.patient, of.consultation) if isinstance(of, Row) else more.pop("whose", None) or garden.patient()
    assert isinstance(whose, tuple)
    body = garden.body()
    row = garden.row(garden.stored(whose[1]), body, sort, whose=whose, **more)  # type: ignore[arg-type]
    if is_there:
        garden.lay(f"{LOCATION}/{row.stored}", body)
    return row


def _elsewhere(
    garden: Garden,
    row: Row,
    code: Code,
    key: str,
    *,
    evidence: Evidence = Evidence.PROVEN,
    kind: Kind = Kind.DANGLING_REFERENCE,
) -> None:
    """Expect a dangling row with this suggestion, and its object, which no row names, where it lies among ours."""
    garden.findings.append(Expected(kind, code, row.record_id, None, key, evidence))
    garden.findings.extend(_lone(key))


def _lone(key: str) -> Iterator[Expected]:
    if key.startswith(OWNED):
        yield Expected(Kind.UNREFERENCED_OBJECT, Code.UNREFERENCED, None, key)
