"""Keys that a varchar can hold and that a sloppy client, server or proxy changes on the way."""

from __future__ import annotations

LONG = "long/" + "x" * 1019  # 1024 bytes, the most that S3 allows

ODD_KEYS = (
    "plain.pdf",
    "edrcontainer1/prescriptions/pdfs/2025/11/12/a.pdf",
    "edrcontainer10/sibling.pdf",
    "with space.pdf",
    "two  spaces.pdf",
    " leading space.pdf",
    "trailing space.pdf ",
    "plus+plus.pdf",
    "per%cent.pdf",
    "literal%20space.pdf",
    "literal%2Fslash.pdf",
    "literal%252Fslash.pdf",
    "quest?ion.pdf",
    "ha#sh.pdf",
    "am&per.pdf",
    "semi;colon.pdf",
    "apo'strophe.pdf",
    'double"quote.pdf',
    "less<than>.pdf",
    "back\\slash.pdf",
    "tilde~.pdf",
    "brackets[1](2){3}.pdf",
    "star*dollar$bang!.pdf",
    "comma,colon:equals=at@.pdf",
    "pipe|caret^tick`.pdf",
    "/leading slash.pdf",
    "double//slash.pdf",
    "trailing slash/",
    "trailing slash",  # an object and a folder of one name
    "trailing dot.",
    "https://edrspace.sgp1.digitaloceanspaces.com/edrcontainer1/a.pdf",
    "caf\u00e9.pdf",  # NFC
    "cafe\u0301.pdf",  # NFD: another object
    "Case.pdf",
    "case.pdf",
    "family\U0001f468\u200d\U0001f469\u200d\U0001f467.pdf",
    "\u5904\u65b9.pdf",
    "\u0928\u0941\u0938\u094d\u0916\u093e.pdf",
    "\u0648\u0635\u0641\u0629.pdf",
    "right\u202eto-left.pdf",
    "nbsp\u00a0.pdf",
    "\ufeffbom.pdf",
    "carriage\rreturn.pdf",
    "line\nfeed.pdf",
    "tab\t.pdf",
    "control\x01.pdf",
    "not a character\ufffe.pdf",
    "s" * 255 + "/" + "s" * 256,
    LONG,
)

DOTTED_KEYS = ("here/./dot.pdf", "up/../dots.pdf")  # exist and can be signed, but a browser folds the path
IMPOSSIBLE_KEYS = ("", "x" * 1025, "n\0ul.pdf", "lone\ud800.pdf")
