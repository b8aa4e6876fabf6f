"""How the demo's misspelt rows are spelt, and where their objects lie. By the values of ``Damage``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Spell = Callable[[str, str], tuple[str, str]]  # folder and name of an intact row -> stored key, object key

LOCATION, BUCKET, HOST = "edrcontainer1", "edrspace", "sgp1.digitaloceanspaces.com"


def _key(folder: str, name: str) -> str:
    return f"prescriptions/pdfs/{folder}/{name}"


def _stored(change: Callable[[str], str], *, name: str = "{}") -> Spell:
    """Spoil the stored key of an object that lies where it belongs; ``name`` is what the file is called."""

    def spell(folder: str, hex_name: str) -> tuple[str, str]:
        key = _key(folder, hex_name if name == "{}" else name.format(hex_name[:6]))
        return change(key), f"{LOCATION}/{key}"

    return spell


def _lies(change: Callable[[str, str], str]) -> Spell:
    """Leave the stored key as it is, and the object somewhere else."""
    return lambda folder, name: (_key(folder, name), change(folder, name))


_SHORT = "{}.pdf"  # a longer address would not fit the column

SPELT: Mapping[str, Spell] = {
    "backslashes": _stored(lambda key: key.replace("/", "\\")),
    "html_entity": _stored(lambda key: key.replace("&", "&amp;"), name="a&b {}.pdf"),
    "mojibake": _stored(lambda key: key.encode().decode("cp1252"), name="résumé-{}.pdf"),
    "encoded_twice": _stored(lambda key: key.replace(" ", "%2520"), name="scan of {}.pdf"),
    "plus_for_space": _stored(lambda key: key.replace(" ", "+"), name="scan of {}.pdf"),
    "byte_order_mark": _stored(lambda key: f"\ufeff{key}"),
    "zero_width": _stored(lambda key: key.replace("pdfs/", "pdfs/\u200b")),
    "dot_segment": _stored(lambda key: key.replace("pdfs/", "./pdfs/")),
    "folder_only": _stored(lambda key: key.rpartition("/")[0] + "/"),
    "local_path": _stored(lambda key: f"/home/app/media_cdn/{key}"),
    "s3_uri": _stored(lambda key: f"s3://{BUCKET}/{LOCATION}/{key}"),
    "path_style_url": _stored(lambda key: f"https://{HOST}/{BUCKET}/{LOCATION}/{key}", name="{:.4}.pdf"),
    "cdn_url": _stored(lambda key: f"https://{BUCKET}.sgp1.cdn.digitaloceanspaces.com/{LOCATION}/{key}", name=_SHORT),
    "signed_url": lambda folder, name: (
        f"https://{BUCKET}.{HOST}/{LOCATION}/{folder}/{name[:4]}.pdf?X-Amz-Signature=0",
        f"{LOCATION}/{folder}/{name[:4]}.pdf",
    ),
    "collapsed_url": _stored(lambda key: f"https:/{BUCKET}.{HOST}/{LOCATION}/{key}", name=_SHORT),
    "local_server_url": _stored(lambda key: f"http://localhost:8000/media/{key}"),
    "capitals": _stored(lambda key: key.removesuffix(".pdf") + ".PDF"),
    "no_extension": _stored(lambda key: key.removesuffix(".pdf")),
    "random_suffix": _lies(lambda folder, name: f"{LOCATION}/{_key(folder, name).removesuffix('.pdf')}_C042wJo.pdf"),
    "temporary_name": _stored(lambda key: f"{key}.part"),
    "moved": _lies(lambda folder, name: f"{LOCATION}/prescriptions/archive/{folder}/{name}"),
    "renamed": _lies(lambda folder, name: f"{LOCATION}/{_key(folder, name[31::-1])}.pdf"),
    "environment": _stored(lambda key: f"staging/media/{key}"),
    "doubled_twice": lambda folder, name: (
        f"{LOCATION}/{LOCATION}/{_key(folder, name)}",
        f"{LOCATION}/{_key(folder, name)}",
    ),
}
