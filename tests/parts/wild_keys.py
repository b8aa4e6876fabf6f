"""A second corpus of broken keys, as exports, mail, spreadsheets, other programs and other settings spoil them.

It was written without a look at the repairs, and holds what the first corpus (``broken_keys``) does not: other hosts,
other encodings, names without hex digits, rows without a consultation, the same bytes in another patient's folder.
"""

from __future__ import annotations

import json
import random
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import quote

from lib.catalogue import Code
from tests.parts.broken_keys import BUCKET, HOST, LOCATION, Case, Stored

C = Code
Spoil = Callable[[random.Random, str], str]


def _key(text: str) -> str:
    return quote(f"{LOCATION}/{text.removeprefix(f'{LOCATION}/')}", safe="/")


def _name(text: str) -> tuple[str, str]:
    folder, slash, name = text.rpartition("/")
    return folder + slash, name


def _stem(text: str, change: Callable[[str], str]) -> str:
    stem, dot, extension = text.rpartition(".")
    return change(stem) + dot + extension if dot else change(text)


def _in(text: str, rng: random.Random, sign: str) -> str:
    at = rng.randrange(1, len(text))
    return text[:at] + sign + text[at:]


def _mixed_percent(rng: random.Random, text: str) -> str:
    """Percent-encode every third sign, in either case of hex."""
    out = []
    for at, sign in enumerate(text):
        if at % 3 == 1 or sign in " +":
            out.append("".join(f"%{byte:02X}" if rng.random() < 0.5 else f"%{byte:02x}" for byte in sign.encode()))
        else:
            out.append(sign)
    return "".join(out)


# What is done to the text of a row, and the codes that a person may name for it.
SPOILS: dict[str, tuple[set[Code], Spoil]] = {
    "url with a version": ({C.URL_VIRTUAL_HOST}, lambda _r, s: f"https://{BUCKET}.{HOST}/{_key(s)}?v=1"),
    "url with a page": ({C.URL_VIRTUAL_HOST}, lambda _r, s: f"https://{BUCKET}.{HOST}/{_key(s)}#page=2"),
    "url with a port": ({C.URL_VIRTUAL_HOST}, lambda _r, s: f"https://{BUCKET}.{HOST}:443/{_key(s)}"),
    "url in capitals": ({C.URL_VIRTUAL_HOST}, lambda _r, s: f"HTTPS://{BUCKET}.{HOST.upper()}/{_key(s)}"),
    "url with two slashes": ({C.URL_VIRTUAL_HOST}, lambda _r, s: f"https://{BUCKET}.{HOST}//{_key(s)}"),
    "path-style http": ({C.URL_PATH_STYLE}, lambda _r, s: f"http://{HOST}/{BUCKET}/{_key(s)}?x=1"),
    "host without scheme": (
        {C.URL_VIRTUAL_HOST, C.URL_CDN, C.URL_LOCAL_SERVER},
        lambda _r, s: f"{BUCKET}.{HOST}/{_key(s)}",
    ),
    "relative scheme": (
        {C.URL_CDN, C.URL_LOCAL_SERVER, C.LEADING_SLASH},
        lambda _r, s: f"//{BUCKET}.sgp1.cdn.digitaloceanspaces.com/{_key(s)}",
    ),
    "another region": (
        {C.URL_VIRTUAL_HOST},
        lambda r, s: f"https://{BUCKET}.{r.choice(['nyc3', 'blr1', 'fra1'])}.digitaloceanspaces.com/{_key(s)}",
    ),
    "another provider": (
        {C.URL_VIRTUAL_HOST, C.URL_PATH_STYLE, C.URL_LOCAL_SERVER},
        lambda r, s: r.choice(
            [f"https://clinic-old.s3.amazonaws.com/{_key(s)}", f"https://s3.eu-west-1.amazonaws.com/x/{_key(s)}"]
        ),
    ),
    "unknown cdn": ({C.URL_CDN, C.URL_LOCAL_SERVER}, lambda _r, s: f"https://cdn.clinic.example/{_key(s)}"),
    "minio of a developer": (
        {C.URL_PATH_STYLE, C.URL_LOCAL_SERVER},
        lambda _r, s: f"http://minio:9000/{BUCKET}/{_key(s)}",
    ),
    "application's media url": (
        {C.URL_LOCAL_SERVER},
        lambda r, s: f"{r.choice(['https://api.clinic.example', 'http://192.168.1.4:8000'])}/media/{quote(s)}",
    ),
    "presigned": (
        {C.URL_PRESIGNED},
        lambda r, s: (
            f"https://{BUCKET}.{HOST}/{_key(s)}?response-content-disposition=inline&X-Amz-Algorithm=AWS4-HMAC-SHA256"
            f"&X-Amz-Signature={r.randbytes(32).hex()}"
        ),
    ),
    "presigned v2": (
        {C.URL_PRESIGNED},
        lambda _r, s: f"https://{HOST}/{BUCKET}/{_key(s)}?AWSAccessKeyId=A&Signature=b%3D&Expires=1700000000",
    ),
    "collapsed http": ({C.URL_COLLAPSED}, lambda _r, s: f"http:/{HOST}/{BUCKET}/{_key(s)}"),
    "collapsed below the location": (
        {C.URL_COLLAPSED},
        lambda _r, s: f"{LOCATION}/https:/{BUCKET}.{HOST}/{_key(s)}",
    ),
    "s3 uri of another bucket": ({C.S3_URI}, lambda _r, s: f"s3://clinic-old/{LOCATION}/{s}"),
    "s3a uri": ({C.S3_URI, C.URL_LOCAL_SERVER}, lambda _r, s: f"S3://{BUCKET}/{LOCATION}/{s}"),
    "file url": ({C.LOCAL_PATH}, lambda r, s: f"file://{r.choice(['/home/app/media_cdn/', '/srv/media/'])}{s}"),
    "drive": ({C.LOCAL_PATH}, lambda _r, s: "D:\\inetpub\\clinic\\media_cdn\\" + s.replace("/", "\\")),
    "share": ({C.LOCAL_PATH}, lambda _r, s: "\\\\nas\\clinic\\media\\" + s.replace("/", "\\")),
    "download of somebody": ({C.LOCAL_PATH}, lambda _r, s: "C:\\Users\\Asha\\Downloads\\" + s.replace("/", "\\")),
    "media url path": ({C.LEADING_SLASH, C.LOCATION_OLD, C.LOCAL_PATH}, lambda _r, s: f"/media/{s}"),
    "relative path": ({C.DOT_SEGMENT}, lambda r, s: r.choice(["./", "../", "../../"]) + s),
    "dots in the middle": ({C.DOT_SEGMENT}, lambda _r, s: s.replace("/pdfs/", "/pdfs/./../pdfs/")),
    "three slashes": ({C.DOUBLE_SLASH, C.LEADING_SLASH}, lambda _r, s: s.replace("/", "///", 1)),
    "backslash once": ({C.BACKSLASH}, lambda _r, s: s.replace("/", "\\", 1)),
    "json slashes": ({C.BACKSLASH}, lambda _r, s: s.replace("/", "\\/")),
    "mixed percent": ({C.PERCENT_ENCODED}, _mixed_percent),
    "percent backslash": ({C.PERCENT_ENCODED, C.BACKSLASH}, lambda _r, s: s.replace("/", "%5C")),
    "percent thrice": ({C.DOUBLE_ENCODED}, lambda _r, s: quote(quote(quote(s, safe="")))),
    "form encoded": (
        {C.PERCENT_ENCODED, C.PLUS_FOR_SPACE},
        lambda _r, s: quote(s, safe=" ").replace("+", "%2B").replace(" ", "+"),
    ),
    "mojibake latin-1": ({C.MOJIBAKE, C.INVISIBLE}, lambda _r, s: s.encode().decode("latin-1")),
    "mojibake twice": (
        {C.MOJIBAKE, C.INVISIBLE},
        lambda _r, s: s.encode().decode("latin-1").encode().decode("latin-1"),
    ),
    "compatibility form": (
        {C.UNICODE_FORM, C.INVISIBLE},
        lambda _r, s: s.translate({ord(digit): 0xFF10 + int(digit) for digit in "0123456789"}),
    ),
    "decomposed": ({C.UNICODE_FORM}, lambda _r, s: unicodedata.normalize("NFD", s)),
    "right-to-left mark within": ({C.INVISIBLE}, lambda r, s: _in(s, r, r.choice("\u200f\u202b\u2067"))),
    "joiner within": ({C.INVISIBLE}, lambda r, s: _in(s, r, r.choice("\u200d\u200c\u2060\u00ad"))),
    "byte order mark": ({C.INVISIBLE}, lambda _r, s: f"\ufeff{s}"),
    "nbsp at the end": ({C.INVISIBLE, C.WHITESPACE}, lambda _r, s: f"{s}\u00a0"),
    "nbsp for space": ({C.INVISIBLE}, lambda _r, s: s.replace(" ", "\u00a0")),
    "line separator": ({C.INVISIBLE, C.WHITESPACE}, lambda _r, s: f"{s}\u2028"),
    "control character": ({C.INVISIBLE, C.WHITESPACE}, lambda r, s: _in(s, r, r.choice("\x01\x0b\x7f"))),
    "tab inside": ({C.INVISIBLE, C.WHITESPACE}, lambda r, s: _in(s, r, "\t")),
    "wrapped line": ({C.INVISIBLE, C.WHITESPACE}, lambda r, s: _in(s, r, "\r\n")),
    "two spaces": ({C.WHITESPACE}, lambda _r, s: s.replace(" ", "  ")),
    "space after each slash": ({C.WHITESPACE}, lambda _r, s: s.replace("/", "/ ")),
    "quoted": ({C.WHITESPACE}, lambda r, s: r.choice(['"{}"', "'{}'", "`{}`", "<{}>", "“{}”"]).format(s)),
    "json list": ({C.WHITESPACE}, lambda _r, s: json.dumps([s])),
    "json object": ({C.WHITESPACE}, lambda _r, s: json.dumps({"key": s})),
    "json text": ({C.WHITESPACE}, lambda _r, s: json.dumps(s)),
    "bytes of python": ({C.WHITESPACE}, lambda _r, s: f"b'{s}'"),
    "field file": ({C.WHITESPACE}, lambda _r, s: f"<FieldFile: {s}>"),
    "comma at the end": ({C.WHITESPACE, C.EXTENSION}, lambda r, s: s + r.choice(",;.")),
    "query at the end": ({C.EXTENSION}, lambda r, s: s + r.choice(["?v=1", "?download=1", "#page=2", "?dl"])),
    "entity twice": ({C.HTML_ENTITY}, lambda _r, s: s.replace("&", "&amp;amp;")),
    "entity in numbers": ({C.HTML_ENTITY}, lambda _r, s: s.replace("/", "&#x2F;")),
    "location three times": (
        {C.LOCATION_DOUBLED_IN_URL},
        lambda _r, s: f"{LOCATION}/{LOCATION}/{LOCATION}/{s.removeprefix(f'{LOCATION}/')}",
    ),
    "location and two slashes": ({C.DOUBLE_SLASH}, lambda _r, s: f"{LOCATION}//{s}"),
    "location in capitals": ({C.CASE}, lambda _r, s: f"{LOCATION.upper()}/{s}"),
    "location with a slash": ({C.LEADING_SLASH}, lambda _r, s: f"/{LOCATION}/{s}"),
    "old copy of the location": (
        {C.LOCATION_SIBLING},
        lambda r, s: f"{LOCATION}{r.choice(['-old', '_backup', '.bak', '2'])}/{s}",
    ),
    "media below the location": ({C.LOCATION_OLD}, lambda _r, s: f"{LOCATION}/media/{s}"),
    "media above the location": ({C.LOCATION_OLD}, lambda _r, s: f"media/{LOCATION}/{s}"),
    "two old locations": ({C.LOCATION_OLD}, lambda _r, s: f"media/uploads/{s}"),
    "unknown old location": (
        {C.LOCATION_OLD, C.MOVED, C.FOUND_BY_CONTENT},
        lambda r, s: f"{r.choice(['files', 'private', 'assets', 'storage/app/public', 'documents'])}/{s}",
    ),
    "environments nested": ({C.ENVIRONMENT_PREFIX}, lambda _r, s: f"staging/prod/media/{s}"),
    "environment and location": ({C.ENVIRONMENT_PREFIX}, lambda _r, s: f"production/{LOCATION}/{s}"),
    "bucket twice": ({C.BUCKET_IN_KEY}, lambda _r, s: f"{BUCKET}/{BUCKET}/{s}"),
    "bucket with a slash": ({C.LEADING_SLASH, C.BUCKET_IN_KEY}, lambda _r, s: f"/{BUCKET}/{LOCATION}/{s}"),
    "capital extension": ({C.CASE}, lambda r, s: s.removesuffix(".pdf") + r.choice([".PDF", ".Pdf"])),
    "capital consultation": ({C.CASE}, lambda _r, s: s.replace("CON", "con", 1)),
    "capital folders": ({C.CASE}, lambda _r, s: s.replace("prescriptions/pdfs", "Prescriptions/PDFs")),
    "dot at the end": ({C.EXTENSION}, lambda _r, s: f"{s}."),
    "half an extension": ({C.EXTENSION, C.TRUNCATED}, lambda _r, s: s.removesuffix("df")),
    "other extension": ({C.EXTENSION}, lambda r, s: s.removesuffix(".pdf") + r.choice([".docx", ".txt", ".png"])),
    "extension behind": ({C.EXTENSION}, lambda r, s: s + r.choice([".PDF", ".gz", ".bak", ".html"])),
    "browser's copy": ({C.RANDOM_SUFFIX, C.EXTENSION}, lambda _r, s: _stem(s, lambda stem: f"{stem} (1)")),
    "number in brackets": ({C.RANDOM_SUFFIX, C.EXTENSION}, lambda _r, s: _stem(s, lambda stem: f"{stem}(2)")),
    "desktop's copy": (
        {C.RANDOM_SUFFIX, C.EXTENSION},
        lambda r, s: _stem(s, lambda stem: stem + r.choice(["-copy", " - Copy", " copy", "_copy"])),
    ),
    "number at the end": (
        {C.RANDOM_SUFFIX, C.EXTENSION},
        lambda r, s: _stem(s, lambda stem: stem + r.choice(["_1", "-2"])),
    ),
    "temporary": ({C.TEMP_NAME}, lambda r, s: s + r.choice([".crdownload", ".PART", ".tmp"])),
    "temporary folder": ({C.TEMP_NAME, C.LOCAL_PATH}, lambda r, s: r.choice(["tmp/", "/tmp/", "temp/uploads/"]) + s),
    "cut with dots": ({C.TRUNCATED}, lambda r, s: s[: -r.randrange(6, 12)] + r.choice(["...", "…"])),
    "cut in front": ({C.TRUNCATED, C.MOVED, C.FOUND_BY_CONTENT}, lambda r, s: s[r.randrange(1, 14) :]),
    "name alone": ({C.MOVED, C.FOUND_BY_CONTENT}, lambda _r, s: _name(s)[1]),
    "short folder": (
        {C.MOVED, C.FOUND_BY_CONTENT},
        lambda _r, s: s.removeprefix("prescriptions/").removeprefix("pdfs/"),
    ),
    "folder of one": ({C.MOVED, C.FOUND_BY_CONTENT}, lambda _r, s: s.replace("/pdfs/", "/pdf/")),
    "folder of the year": ({C.MOVED, C.FOUND_BY_CONTENT}, lambda _r, s: s.replace("/pdfs/", "/pdfs/2025/11/")),
}

# What is done to the object: it lies under a key that nobody asks for.
MISPLACED: dict[str, tuple[set[Code], Spoil]] = {
    "object at the root": ({C.LOCATION_NONE_AT_ROOT}, lambda _r, k: k.removeprefix(f"{LOCATION}/")),
    "object below the location thrice": ({C.LOCATION_DOUBLED_IN_BUCKET}, lambda _r, k: f"{LOCATION}/{LOCATION}/{k}"),
    "object below an old location": ({C.LOCATION_OLD}, lambda _r, k: k.replace(LOCATION, "legacy/files", 1)),
    "object of an environment": (
        {C.ENVIRONMENT_PREFIX, C.MOVED, C.FOUND_BY_CONTENT},
        lambda _r, k: f"staging/{k}",
    ),
    "object with a slash": ({C.LEADING_SLASH, C.DOUBLE_SLASH, C.PERCENT_ENCODED}, lambda _r, k: f"/{k}"),
    "object with two slashes": ({C.DOUBLE_SLASH}, lambda _r, k: k.replace("/pdfs/", "//pdfs/")),
    "object with a space": ({C.WHITESPACE}, lambda _r, k: f"{k} "),
    "object in lower case": ({C.CASE}, lambda _r, k: k.lower()),
    "object percent-encoded": ({C.PERCENT_ENCODED}, lambda _r, k: _name(k)[0] + quote(_name(k)[1])),
    "object decomposed": ({C.UNICODE_FORM}, lambda _r, k: unicodedata.normalize("NFD", k)),
    "object as mojibake": ({C.MOJIBAKE, C.UNICODE_FORM}, lambda _r, k: k.encode().decode("cp1252", "ignore")),
    "object with a suffix": ({C.RANDOM_SUFFIX}, lambda r, k: _stem(k, lambda s: f"{s}_{r.randbytes(4).hex()[:7]}")),
    "object with two extensions": ({C.EXTENSION}, lambda _r, k: f"{k}.pdf"),
    "object without extension": ({C.EXTENSION}, lambda _r, k: k.removesuffix(".pdf")),
    "object in a part": ({C.TEMP_NAME, C.EXTENSION}, lambda _r, k: f"{k}.part"),
    "object archived": ({C.MOVED, C.FOUND_BY_CONTENT}, lambda _r, k: k.replace("/pdfs/", "/archive/2025/")),
    "object renamed": (
        {C.FOUND_BY_CONTENT},
        lambda r, k: f"{k.rpartition('/')[0]}/{r.randbytes(16).hex()}.pdf",
    ),
}

SHAPES = {  # a spoil that shows only in such a name
    "form encoded": "my rx + {}.pdf",
    "two spaces": "my rx {}.pdf",
    "nbsp for space": "my rx {}.pdf",
    "mojibake latin-1": "résumé été {}.pdf",
    "mojibake twice": "résumé été {}.pdf",
    "decomposed": "ordonnance_été_{}.pdf",
    "entity twice": "a&b {}.pdf",
    "object percent-encoded": "my rx {}.pdf",
    "object decomposed": "ordonnance été {}.pdf",
    "object as mojibake": "résumé {}.pdf",
}
WHERE = ("CON{0}", "CON{0}", "CON{0}", "no-consultation")
ALL = {**SPOILS, **MISPLACED}


def cases(*, seed: int, singles: int, pairs: int) -> Iterator[tuple[tuple[str, ...], Case]]:
    """Yield that many cases of each single way, and that many random pairs for each, with the names of the ways."""
    rng = random.Random(seed)
    for way in ALL:
        for _ in range(singles):
            if (made := _case(rng, (way,))) is not None:
                yield (way,), made
        for _ in range(pairs):
            ways = (way, rng.choice(sorted(set(ALL) - {way})))
            if (made := _case(rng, ways)) is not None:
                yield ways, made


def _case(rng: random.Random, ways: tuple[str, ...]) -> Case | None:
    for _ in range(20):
        number = rng.randrange(100, 999_999)
        folder = rng.choice(WHERE).format(number)
        has_hex = rng.random() < 0.9 or any(way in ("cut in front", "name alone", "cut with dots") for way in ways)
        token = rng.randbytes(16).hex() if has_hex else f"rx-{rng.randrange(10**9)}-{number}"
        shape = next((SHAPES[way] for way in ways if way in SHAPES), "{}.pdf")
        intact = f"prescriptions/pdfs/{folder}/{shape.format(token)}"
        stored, key = intact, f"{LOCATION}/{intact}"
        done = True
        for way in ways:
            before = stored, key
            if way in SPOILS:
                stored = SPOILS[way][1](rng, stored)
            else:
                key = MISPLACED[way][1](rng, key)
            done = done and (stored, key) != before
        resolved = stored if stored.startswith(f"{LOCATION}/") else f"{LOCATION}/{stored}"
        if done and resolved != key:
            return _dressed(rng, stored, key, folder, shape.format(token), number)
    return None


def _dressed(rng: random.Random, stored: str, key: str, folder: str, name: str, number: int) -> Case:
    consultation = folder if folder.startswith("CON") and rng.random() < 0.95 else None
    body = b"%PDF-1.4 " + rng.randbytes(rng.randrange(40, 300))
    other = b"%PDF-1.4 " + rng.randbytes(len(body) - 9)
    right = Stored(key, body, "PAT1")
    neighbour = f"CON{number + 1_000_000}"
    knows = rng.random()
    needs_content = key.rpartition("/")[2] != name or "/" not in stored or key.count(LOCATION) > 2
    size = len(body) if knows < 0.9 or needs_content else None
    md5 = right.md5 if knows < 0.8 or needs_content else None
    pdfs = f"{LOCATION}/prescriptions/pdfs"
    decoys = [
        Stored(f"{pdfs}/{neighbour}/{rng.randbytes(16).hex()}.pdf", other, "PAT2"),  # another row's
        Stored(f"{pdfs}/{folder}/{rng.randbytes(16).hex()}.pdf", other, "PAT1" if consultation else "PAT4"),
    ]
    if rng.random() < 0.4:
        decoys.append(Stored(f"{pdfs}/{neighbour}/{name}", other[:-1] + b"x", "PAT2"))
    if rng.random() < 0.4:
        decoys.append(Stored(f"{LOCATION}0/prescriptions/pdfs/{folder}/{name}", other[:-1] + b"y", "PAT3"))
    if rng.random() < 0.3:
        decoys.append(Stored(f"{pdfs}/{neighbour}/{rng.randbytes(16).hex()}.pdf", body, "PAT2"))  # the same bytes
    decoys = [each for each in decoys if each.key != key]
    taken = frozenset(each.key for each in decoys if each.patient in {"PAT2", "PAT4"})
    return Case((), stored, consultation or "", replace(right), size, md5, tuple(decoys), taken)
