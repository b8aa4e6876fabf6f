"""A corpus of broken keys with their right objects: every mistake done forwards, alone and in pairs, among decoys.

Nothing here uses the repairs of the product: a mistake is made the way the world makes it.
"""

from __future__ import annotations

import hashlib
import html
import random
import string
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from lib.catalogue import Code
from lib.keys import Rules

LOCATION, BUCKET, OLD = "edrcontainer1", "edrspace", "media"
HOST = "sgp1.digitaloceanspaces.com"
RULES = Rules(
    LOCATION,
    BUCKET,
    previous_locations=(OLD, "legacy/files"),
    url_hosts=(HOST, f"{BUCKET}.{HOST}", f"{BUCKET}.sgp1.cdn.digitaloceanspaces.com"),
)


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it lies in the bucket, and whose it is."""

    key: str
    body: bytes = field(repr=False)
    patient: str
    is_multipart: bool = False

    @property
    def md5(self) -> str:
        return hashlib.md5(self.body, usedforsecurity=False).hexdigest()

    @property
    def etag(self) -> str:
        return f"{self.md5}-2" if self.is_multipart else self.md5


@dataclass(frozen=True, slots=True)
class Case:
    """A row, where its right object lies, and what else lies around. ``taken`` are the keys of other rows."""

    codes: tuple[Code, ...]
    stored: str
    consultation: str
    right: Stored
    size_bytes: int | None
    md5: str | None
    decoys: tuple[Stored, ...]
    taken: frozenset[str]


@dataclass(frozen=True, slots=True)
class Scene:
    """A row and its object while mistakes are made."""

    stored: str
    key: str
    name: str  # the last segment, as it was given


Mistake = Callable[[random.Random, Scene], Scene | None]


def _stored(change: Callable[[random.Random, str], str]) -> Mistake:
    def make(rng: random.Random, scene: Scene) -> Scene | None:
        after = change(rng, scene.stored)
        return replace(scene, stored=after) if after != scene.stored else None

    return make


def _key(change: Callable[[random.Random, str], str]) -> Mistake:
    def make(rng: random.Random, scene: Scene) -> Scene | None:
        after = change(rng, scene.key)
        return replace(scene, key=after) if after != scene.key else None

    return make


def _rest(key: str) -> str:
    return key.removeprefix(f"{LOCATION}/")


def _web(text: str) -> str:
    return quote(text if text.startswith(f"{LOCATION}/") else f"{LOCATION}/{text}", safe="/")


def _invisible(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[:at] + rng.choice("\u200b\ufeff\u200e\u202e\u00ad\u2060") + text[at:]


def _lookalike(rng: random.Random, text: str) -> str:
    at = [place for place, sign in enumerate(text) if sign in "aceop"]
    if not at:
        return text
    where = rng.choice(at)
    return text[:where] + dict(zip("aceop", "асеор", strict=True))[text[where]] + text[where + 1 :]


def _double_slash(rng: random.Random, text: str) -> str:
    at = [place for place, sign in enumerate(text) if sign == "/"]
    if not at:
        return text
    where = rng.choice(at)
    return f"{text[:where]}/{text[where:]}"


def _suffix(rng: random.Random) -> str:
    return "_" + "".join(rng.choices(string.ascii_letters + string.digits, k=7))


def _with_suffix(rng: random.Random, text: str) -> str:
    stem, dot, extension = text.rpartition(".")
    return f"{stem}{_suffix(rng)}{dot}{extension}" if dot else text


def _mojibake(_rng: random.Random, text: str) -> str:
    try:
        return text.encode().decode("cp1252")
    except UnicodeError:
        return text.encode().decode("latin-1")


def _moved(rng: random.Random, text: str) -> str:
    return text.replace("/pdfs/", f"/{rng.choice(['pdf', 'archive', 'pdfs/2025', 'files'])}/")


def _renamed(rng: random.Random, text: str) -> str:
    return f"{text.rpartition('/')[0]}/{rng.randbytes(16).hex()}.pdf"


def _upper(rng: random.Random, text: str) -> str:
    folder, slash, name = text.rpartition("/")
    return rng.choice([folder + slash + name.upper(), text.removesuffix(".pdf") + ".PDF", text.lower()])


def _extension(rng: random.Random, text: str) -> str:
    stem = text.removesuffix(".pdf")
    return rng.choice([stem, f"{text}.pdf", f"{stem}.jpeg", f"{stem}.html"])


def _flip_form(_rng: random.Random, text: str) -> str:
    nfd = unicodedata.normalize("NFD", text)
    return nfd if nfd != text else unicodedata.normalize("NFC", text)


def _dots(rng: random.Random, text: str) -> str:
    return rng.choice([text.replace("/", "/./", 1), text.replace("/", "/x/../", 1)])


MISTAKES: dict[Code, Mistake] = {
    Code.LOCATION_DOUBLED_IN_URL: _stored(lambda _r, s: f"{LOCATION}/{LOCATION}/{s}"),
    Code.LOCATION_DOUBLED_IN_BUCKET: _key(lambda _r, k: f"{LOCATION}/{LOCATION}/{_rest(k)}"),
    Code.LOCATION_OLD: _stored(lambda r, s: f"{r.choice([OLD, 'legacy/files', 'static', 'uploads'])}/{s}"),
    Code.LOCATION_NONE_AT_ROOT: _key(lambda _r, k: _rest(k)),
    Code.LOCATION_SIBLING: _stored(lambda r, s: f"{LOCATION}{r.choice('0-_')}/{s}"),
    Code.ENVIRONMENT_PREFIX: _stored(
        lambda r, s: r.choice(["dev/", "staging/media/", "development/media/private/"]) + s
    ),
    Code.BUCKET_IN_KEY: _stored(lambda r, s: BUCKET + r.choice(["/", f"/{LOCATION}/"]) + s),
    Code.URL_VIRTUAL_HOST: _stored(lambda _r, s: f"https://{BUCKET}.{HOST}/{_web(s)}"),
    Code.URL_PATH_STYLE: _stored(lambda _r, s: f"https://{HOST}/{BUCKET}/{_web(s)}"),
    Code.URL_CDN: _stored(lambda _r, s: f"https://{BUCKET}.sgp1.cdn.digitaloceanspaces.com/{_web(s)}"),
    Code.URL_PRESIGNED: _stored(
        lambda r, s: f"https://{BUCKET}.{HOST}/{_web(s)}?X-Amz-Expires=604800&X-Amz-Signature={r.randbytes(32).hex()}"
    ),
    Code.URL_COLLAPSED: _stored(lambda _r, s: f"https:/{BUCKET}.{HOST}/{_web(s)}"),
    Code.URL_LOCAL_SERVER: _stored(
        lambda r, s: r.choice(["http://localhost:8000/media/", "http://10.0.0.7/media/"]) + quote(s)
    ),
    Code.S3_URI: _stored(lambda _r, s: f"s3://{BUCKET}/{LOCATION}/{s}"),
    Code.LEADING_SLASH: _stored(lambda r, s: "/" * r.choice([1, 1, 2]) + s),
    Code.DOUBLE_SLASH: _stored(_double_slash),
    Code.BACKSLASH: _stored(lambda _r, s: s.replace("/", "\\")),
    Code.DOT_SEGMENT: _stored(_dots),
    Code.TRAILING_SLASH: lambda _r, scene: replace(scene, stored=scene.stored.rpartition("/")[0] + "/"),
    Code.LOCAL_PATH: _stored(lambda r, s: r.choice(["/home/app/media_cdn/", "/var/www/media/", "C:\\media\\"]) + s),
    Code.PERCENT_ENCODED: _stored(lambda r, s: quote(s, safe=r.choice(["/", ""]))),
    Code.DOUBLE_ENCODED: _stored(lambda _r, s: quote(quote(s))),
    Code.PLUS_FOR_SPACE: _stored(lambda _r, s: s.replace(" ", "+")),
    Code.UNICODE_FORM: _stored(_flip_form),
    Code.MOJIBAKE: _stored(_mojibake),
    Code.HTML_ENTITY: _stored(lambda _r, s: html.escape(s)),
    Code.WHITESPACE: _stored(lambda r, s: r.choice([f"{s} ", f"{s}\n", f" {s}", f"{s}\r\n", f"\t{s}"])),
    Code.INVISIBLE: _stored(lambda r, s: r.choice([_invisible, _lookalike])(r, s)),
    Code.CASE: _stored(_upper),
    Code.EXTENSION: _stored(_extension),
    Code.TRUNCATED: _stored(lambda r, s: s[: max(len(s) - r.randrange(5, 16), 30)]),
    Code.EMPTY: _stored(lambda r, _s: r.choice(["", "None", "null", "nan", "undefined"])),
    Code.RANDOM_SUFFIX: lambda r, scene: (
        replace(scene, key=_with_suffix(r, scene.key))
        if r.random() < 0.5
        else replace(scene, stored=_with_suffix(r, scene.stored))
    ),
    Code.TEMP_NAME: _stored(lambda r, s: r.choice([f"{s}.part", f"{s}.tmp", f"{s}.upload", f"tmp/{s}"])),
    Code.MOVED: _key(_moved),
    Code.FOUND_BY_CONTENT: _key(_renamed),
}
ODD_NAMES = {  # a mistake that shows only in a name like this
    Code.PERCENT_ENCODED: "my rx {}.pdf",
    Code.DOUBLE_ENCODED: "my rx {}.pdf",
    Code.PLUS_FOR_SPACE: "my rx {}.pdf",
    Code.UNICODE_FORM: "ordonnance été {}.pdf",
    Code.MOJIBAKE: "résumé {}.pdf",
    Code.HTML_ENTITY: "a&b {}.pdf",
}
NOT_TOGETHER = {Code.EMPTY, Code.TRAILING_SLASH}  # nothing is left of the name for another mistake to spoil


def cases(*, seed: int, singles: int, pairs: int) -> Iterator[Case]:
    """Yield that many cases of every single code and of every pair of codes."""
    rng = random.Random(seed)
    for code in MISTAKES:
        for _ in range(singles):
            made = _case(rng, (code,))
            assert made is not None, code
            yield made
    for first in MISTAKES:
        for second in MISTAKES:
            if first is not second and not {first, second} & NOT_TOGETHER:
                for _ in range(pairs):
                    if (made := _case(rng, (first, second))) is not None:
                        yield made


def _case(rng: random.Random, codes: tuple[Code, ...]) -> Case | None:
    for _ in range(50):
        number = rng.randrange(100, 999_999)
        consultation = f"CON{number}"
        digits = rng.randbytes(16).hex()
        shape = next((ODD_NAMES[code] for code in codes if code in ODD_NAMES), "{}.pdf")
        name = shape.format(digits)
        scene: Scene | None = Scene(f"prescriptions/pdfs/{consultation}/{name}", "", name)
        assert scene is not None
        scene = replace(scene, key=f"{LOCATION}/{scene.stored}")
        for code in codes:
            scene = MISTAKES[code](rng, scene) if scene is not None else None
        if scene is not None:
            return _dressed(rng, codes, scene, consultation)
    return None  # the second mistake finds nothing to spoil after the first


def _dressed(rng: random.Random, codes: tuple[Code, ...], scene: Scene, consultation: str) -> Case:
    """Add what the row knows, and decoys that look right."""
    body = b"%PDF-1.4 " + rng.randbytes(rng.randrange(40, 400))
    other = b"%PDF-1.4 " + rng.randbytes(len(body) - 9)  # the same size, another MD5
    is_multipart = rng.random() < 0.05
    knows = rng.random()
    right = Stored(scene.key, body, "PAT1", is_multipart)
    by_content_only = {Code.FOUND_BY_CONTENT, Code.EMPTY, Code.TRAILING_SLASH} & set(codes)
    size = len(body) if knows < 0.9 or by_content_only else None
    md5 = right.md5 if knows < 0.8 or by_content_only else None
    if by_content_only:
        right = replace(right, is_multipart=False)
    neighbour = f"CON{rng.randrange(1_000_000, 2_000_000)}"
    base = scene.name
    decoys = [
        Stored(f"{LOCATION}/prescriptions/pdfs/{consultation}/{rng.randbytes(16).hex()}.pdf", other, "PAT1"),
        Stored(f"{LOCATION}/prescriptions/pdfs/{neighbour}/{rng.randbytes(16).hex()}.pdf", other, "PAT2"),
    ]
    if rng.random() < 0.5:
        decoys.append(Stored(f"{LOCATION}/prescriptions/pdfs/{neighbour}/{base}", other[:-1] + b"x", "PAT2"))
    if rng.random() < 0.5:
        decoys.append(Stored(f"{LOCATION}9/prescriptions/pdfs/{consultation}/{base}", other[:-1] + b"y", "PAT3"))
    decoys = [each for each in decoys if each.key != right.key]
    taken = frozenset(each.key for each in decoys if each.patient == "PAT2")
    return Case(codes, scene.stored, consultation, right, size, md5, tuple(decoys), taken)
