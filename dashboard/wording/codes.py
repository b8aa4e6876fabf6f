"""What each code of the catalogue is called, and what it means for staff and for developers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lib.catalogue import Code


@dataclass(frozen=True, slots=True)
class Words:
    """``title`` fits in a table; ``staff`` says what to do at the desk; ``developers`` what it is, why, what mends it."""

    title: str
    staff: str
    developers: str


_REPORT = "Send the report of this record to a developer."
_HOLD = "Do not share it."
_AGAIN = "Ask the doctor to make the PDF again."
_POINT = "Point the row at the right key."

CODE: Mapping[Code, Words] = MappingProxyType(
    {
        Code.WRONG_PATIENT: Words(
            "Another consultation's folder",
            f"The file lies in the folder of another consultation, so it may be another patient's. {_HOLD} {_REPORT}",
            "The key names another consultation than the row does. Either the row or the file was mixed up, and only a "
            "person who reads the PDF can say which. No link is made, and no suggestion is offered for it.",
        ),
        Code.DUPLICATE_REFERENCE: Words(
            "One file, two patients",
            f"Records of two patients point at the same file, so for one of them it is the wrong one. {_HOLD} {_REPORT}",
            "Rows of two patients resolve to one object key. Open the PDF, see whose it is, and make the other one again "
            "as a new version.",
        ),
        Code.FORBIDDEN: Words(
            "Storage refuses to say",
            "Storage does not let us look, so nobody can tell whether the file is there. Try again later; tell a developer.",
            "A 403 says neither that the object is there nor that it is missing: the secret, the clock or the right to "
            "read or list may be at fault. Give the key the right to list below the location, then check again.",
        ),
        Code.WRONG_BUCKET: Words(
            "Not our bucket",
            "We are looking in the wrong storage, so nothing can be found. Tell a developer.",
            "The bucket does not exist here, lies in another region, or the endpoint already contains it. No row is at "
            "fault: correct AWS_STORAGE_BUCKET_NAME, AWS_S3_REGION_NAME or AWS_S3_ENDPOINT_URL.",
        ),
        Code.SSE_C: Words(
            "Locked with its own key",
            f"The file is locked in storage and no browser can open it. {_REPORT}",
            "The object was encrypted with a key that the uploader kept (SSE-C). A signed link cannot carry that key: "
            "whoever holds it has to store the file again without.",
        ),
        Code.ZERO_BYTE: Words(
            "Empty file",
            f"The file in storage is empty. {_HOLD} {_AGAIN}",
            "The object has zero bytes: the upload sent a stream that was already read, or broke off. Make the PDF again "
            "as a new version, or bring an older version of the object back.",
        ),
        Code.NOT_PDF: Words(
            "Not a PDF",
            f"What lies in storage is not a PDF. {_HOLD} {_AGAIN}",
            "The first bytes are not %PDF-; often an error page or an image was stored under the PDF's name. Make the "
            "PDF again as a new version.",
        ),
        Code.PDF_TRUNCATED: Words(
            "PDF cut short",
            f"The end of the PDF is missing, so it may not open or may lack pages. {_HOLD} {_AGAIN}",
            "The last KiB holds no end of a PDF (%%EOF, startxref): the upload or the generator broke off. Make it again "
            "as a new version, or bring an older version of the object back.",
        ),
        Code.SIZE_MISMATCH: Words(
            "Another size",
            f"The file in storage is not the one that the record describes: its size differs. {_HOLD} {_REPORT}",
            "The object's size is not the row's file_size, so another file lies under this key. Look for the right one "
            "among the suggestions and the older versions; else a person compares both.",
        ),
        Code.CHECKSUM_MISMATCH: Words(
            "Another content",
            f"The file in storage is not the one that the record describes: its checksum differs. {_HOLD} {_REPORT}",
            "The size agrees but the MD5 (the ETag of a simple upload) is not the row's checksum: the file was replaced. "
            "Look for the right one among the suggestions and the older versions.",
        ),
        Code.ARCHIVED: Words(
            "In the archive",
            f"The file is in the archive and cannot be opened at once. {_REPORT}",
            "The object is in a cold storage class: HEAD answers, GET does not. Have it restored before a link is made.",
        ),
        Code.EMPTY: Words(
            "No file named",
            f"The record names no file at all. {_REPORT}",
            "The column is empty or holds a word for nothing (None, null): the row was saved before the upload, or the "
            "name was lost. Where one PDF of this consultation is proven by its content, point the row at it.",
        ),
        Code.S3_URI: Words(
            "s3:// address stored",
            f"The record holds an address instead of a file name. {_REPORT}",
            f"An s3:// address was stored instead of a key; the signer puts the location in front of it. {_POINT}",
        ),
        Code.URL_COLLAPSED: Words(
            "Damaged web address stored",
            f"The record holds a damaged web address instead of a file name. {_REPORT}",
            "A web address was stored instead of a key, and its // was lost: the upload tidies names like paths, and "
            f"https:/ is what remains. {_POINT}",
        ),
        Code.URL_PRESIGNED: Words(
            "Signed link stored",
            f"The record holds an old signed link instead of a file name. {_REPORT}",
            "A signed link was stored instead of a key; it expired, and whoever reads the table could open the file until "
            f"then. {_POINT} Stop storing what the signer returns.",
        ),
        Code.URL_CDN: Words(
            "CDN address stored",
            f"The record holds a web address instead of a file name. {_REPORT}",
            f"An address of the CDN or an own domain was stored instead of a key. {_POINT}",
        ),
        Code.URL_PATH_STYLE: Words(
            "Web address stored (bucket in the path)",
            f"The record holds a web address instead of a file name. {_REPORT}",
            "A web address with the bucket in its path was stored instead of a key. A signer that keeps only the path "
            f"then asks for bucket and key as one. {_POINT}",
        ),
        Code.URL_VIRTUAL_HOST: Words(
            "Web address stored",
            f"The record holds a web address instead of a file name. {_REPORT}",
            f"A web address with the bucket in its host name was stored instead of a key. {_POINT}",
        ),
        Code.URL_LOCAL_SERVER: Words(
            "Address of a local server stored",
            f"The record holds the address of a computer that is not our storage. {_REPORT}",
            "An address of a local server was stored; the file may never have been uploaded. Point the row at a proven "
            "suggestion; without one, upload the local file or make the PDF again as a new version.",
        ),
        Code.LOCAL_PATH: Words(
            "Path on a disk stored",
            f"The record holds the place of the file on somebody's computer. {_REPORT}",
            "A path on somebody's disk was stored instead of a key, so the upload may never have happened. Point the row "
            "at a proven suggestion; without one, upload that file or make the PDF again.",
        ),
        Code.TEMP_NAME: Words(
            "Temporary name stored",
            f"The record holds the name of an unfinished file. {_REPORT}",
            f"The name of a temporary file was stored before the upload had its final one. {_POINT}",
        ),
        Code.BUCKET_IN_KEY: Words(
            "Bucket in the key",
            f"The record's file name has a part too many in front. {_REPORT}",
            f"The stored key begins with the name of the bucket, as a path out of an address does. {_POINT}",
        ),
        Code.ENVIRONMENT_PREFIX: Words(
            "Another environment's folder",
            f"The record points into the folder of a test system. {_REPORT}",
            "The stored key begins with a folder of another environment, such as staging: rows were copied between "
            "systems. Point the row at a proven suggestion, and ask why that data is in this database.",
        ),
        Code.LOCATION_OLD: Words(
            "Older location",
            f"The record points where files used to be kept. {_REPORT}",
            "The stored key begins with an older location, or the file still lies below one: AWS_LOCATION was changed "
            "without moving what was there. Point the row at the right key, or copy the file below the location.",
        ),
        Code.LOCATION_SIBLING: Words(
            "Folder named like the location",
            f"The record points into a folder whose name only looks like ours. {_REPORT}",
            "The stored key begins with another folder whose name starts like the location: something compared names "
            f"without the slash. {_POINT}",
        ),
        Code.LOCATION_DOUBLED_IN_URL: Words(
            "Location twice in the key",
            f"The record's file name has a part twice in front. {_REPORT}",
            "The stored key carries the location twice; stored once, it would open, since the signer leaves it as it is. "
            f"{_POINT}",
        ),
        Code.LOCATION_DOUBLED_IN_BUCKET: Words(
            "File below the location twice",
            f"The file lies one folder too deep in storage. {_REPORT}",
            "The object lies at location/location/…: the upload joined a name that already had the location. Copy it to "
            "the resolved key, and keep the old one until the copy is checked.",
        ),
        Code.LOCATION_NONE_AT_ROOT: Words(
            "File outside the location",
            f"The file lies outside the folder that links look in. {_REPORT}",
            "The object lies at the bare stored key, from a time without AWS_LOCATION. No row can name what is outside "
            "the location: copy it to the resolved key, and keep the old one until the copy is checked.",
        ),
        Code.BACKSLASH: Words(
            "Backslashes",
            f"The record's file name is written as on Windows. {_REPORT}",
            "The stored key has backslashes where S3 has slashes. The upload turns them, the signer does not. "
            + _POINT,
        ),
        Code.DOT_SEGMENT: Words(
            "./ or ../ in the key",
            f"The record's file name takes a detour that no browser follows. {_REPORT}",
            "The stored key has a ./ or ../ in it; no browser can open such a link, because it folds the path before it "
            "asks. Point the row at the folded key, or copy the file there.",
        ),
        Code.LEADING_SLASH: Words(
            "Slash in front",
            f"The record's file name has a slash too many in front. {_REPORT}",
            f"The stored key begins with a slash; the upload refuses such names and the signer makes // of it. {_POINT}",
        ),
        Code.TRAILING_SLASH: Words(
            "A folder, not a file",
            f"The record names a folder and no file. {_REPORT}",
            "The stored key names a folder, not a file. Where one PDF in it is proven by its content, point the row at it.",
        ),
        Code.DOUBLE_SLASH: Words(
            "Two slashes in a row",
            f"The record's file name has a slash too many. {_REPORT}",
            f"The stored key has an empty part (//) in it. The upload takes it out, the signer keeps it. {_POINT}",
        ),
        Code.DOUBLE_ENCODED: Words(
            "Encoded twice",
            f"The record's file name was garbled on its way. {_REPORT}",
            f"The stored key was percent-encoded twice (%2520); S3 takes it literally. {_POINT}",
        ),
        Code.PERCENT_ENCODED: Words(
            "Percent-encoded",
            f"The record's file name was garbled on its way. {_REPORT}",
            f"The stored key is percent-encoded (%20), as in an address; signing encodes it once more. {_POINT}",
        ),
        Code.HTML_ENTITY: Words(
            "HTML in the key",
            f"The record's file name was garbled on its way. {_REPORT}",
            f"The stored key was taken out of a page: it has HTML entities (&amp;) in it. {_POINT}",
        ),
        Code.MOJIBAKE: Words(
            "Garbled letters",
            f"Letters of the record's file name were garbled. {_REPORT}",
            f"UTF-8 was read as Latin-1 or Windows-1252, so that é became Ã©. {_POINT}",
        ),
        Code.INVISIBLE: Words(
            "Invisible characters",
            f"The record's file name has characters in it that cannot be seen. {_REPORT}",
            "The stored key has invisible or look-alike characters in it: zero-width, no-break space, direction marks, or "
            f"letters of another alphabet. {_POINT}",
        ),
        Code.WHITESPACE: Words(
            "White space",
            f"The record's file name has a space, a line break or a quote too many. {_REPORT}",
            "The stored key begins or ends with white space, has a line break or tab in it, or stands in quotes or "
            f"brackets as a program prints it. {_POINT}",
        ),
        Code.PLUS_FOR_SPACE: Words(
            "Plus for a space",
            f"The record's file name was garbled on its way. {_REPORT}",
            f"A + stands for a space or a space for a +, as in a web form. {_POINT}",
        ),
        Code.UNICODE_FORM: Words(
            "Accents written otherwise",
            f"The record's file name looks right but is written with other characters. {_REPORT}",
            "The same letters in another Unicode form (NFC, NFD) are another key to S3. Point the row at the exact bytes "
            "of the object's key.",
        ),
        Code.TRUNCATED: Words(
            "Cut off",
            f"The end of the record's file name is missing. {_REPORT}",
            "The stored key was cut at the length of its column. Point the row at the whole key, if the column can hold "
            "it; else make the column longer first.",
        ),
        Code.RANDOM_SUFFIX: Words(
            "Suffix of a second upload",
            f"The file was stored under a slightly different name. {_REPORT}",
            "The storage added seven random characters because the name was taken, and the row kept the other name. "
            "Point the row at the key whose content is proven.",
        ),
        Code.EXTENSION: Words(
            "Another ending",
            f"The file was stored with another ending of its name. {_REPORT}",
            f"The extension is missing, doubled or another one (.pdf.pdf). {_POINT}",
        ),
        Code.CASE: Words(
            "Upper or lower case",
            f"The file's name differs in capital letters. {_REPORT}",
            f"Keys of S3 differ by case; a disk on Windows or a Mac does not show it. {_POINT}",
        ),
        Code.MOVED: Words(
            "In another folder",
            f"A file of this name lies in another folder. {_REPORT}",
            "The file's own name was found in another folder. Point the row at it where size and MD5 prove it; a folder of "
            "another consultation is never offered.",
        ),
        Code.FOUND_BY_CONTENT: Words(
            "Found by its content",
            f"The file was found under quite another name. {_REPORT}",
            f"No name leads there, but size and MD5 are those of the row: it is the same file. {_POINT}",
        ),
        Code.DELETE_MARKER: Words(
            "Deleted, can be brought back",
            f"The file was deleted, but storage still keeps it. {_REPORT}",
            "The bucket keeps versions and the newest one is a delete marker. Take the marker off, and the file is back.",
        ),
        Code.MULTIPART_UNFINISHED: Words(
            "Upload never ended",
            f"The file was never uploaded to its end. {_AGAIN}",
            "An upload in parts was begun and not completed, so there is no object. Upload it again, or make the PDF "
            "again as a new version.",
        ),
        Code.DELETED: Words(
            "Deleted",
            f"The file was there before and is gone. {_REPORT}",
            "An earlier check of all files saw the object, and now it is absent: something outside the application "
            "deleted it. Bring it back from a backup, or make the PDF again as a new version.",
        ),
        Code.NEVER_UPLOADED: Words(
            "Never uploaded",
            f"The PDF was not found anywhere in storage: it was most likely never uploaded. {_AGAIN}",
            "No object and no suggestion for it: the row was saved, and the upload died in its thread, whose errors are "
            "lost. Upload a local copy, or make the PDF again as a new version; let the thread report its errors.",
        ),
        Code.CONTENT_ENCODING: Words(
            "Wrong encoding header",
            f"The file is there, but some browsers cannot read it. {_REPORT}",
            "Content-Encoding does not fit the bytes (gzip on a plain PDF, or the reverse). Copy the object onto itself "
            "with the right header.",
        ),
        Code.CONTENT_TYPE: Words(
            "Not marked as a PDF",
            "The file opens with our links; elsewhere it may be downloaded instead of shown.",
            "Content-Type is not application/pdf. Links of ours say so themselves; for other readers, copy the object "
            "onto itself with the right type.",
        ),
        Code.PDF_ENCRYPTED: Words(
            "Needs a password",
            "The PDF asks for a password. Tell the patient which one, or ask the doctor for a PDF without.",
            "The PDF itself is encrypted (/Encrypt in its trailer). Storage and row are in order.",
        ),
        Code.VERSION_STATE: Words(
            "Versions in disorder",
            "It is not clear which version of this prescription is the current one. Ask the doctor before you share it.",
            "None or several versions are marked as current, or the current one is not the newest: saving changes the "
            "mark in several steps. A person decides which one counts.",
        ),
        Code.SPECIAL_CHARS: Words(
            "Fragile characters",
            "The file opens. Some programs may stumble over the signs in its name.",
            "The key has characters that readers of links encode differently (quotes, brackets, #, ?, &, +, spaces). "
            "Nothing is wrong now; new names should have letters, digits and hyphens only.",
        ),
        Code.PLACEHOLDER_FOLDER: Words(
            "Made without a consultation",
            "The PDF was made without a consultation. Nothing is wrong.",
            "The PDF was made without a consultation; its folder says so.",
        ),
        Code.LOCATION_MISSING: Words(
            "Link without the location",
            "The link is wrong, the file is in order. Make a new link from the record.",
            "The bare stored key was signed, and the object lies at the location and that key. The row is healthy: the "
            "upload stores names without the location. Correct the code that signs, not the data.",
        ),
        Code.PUBLIC: Words(
            "Open for everybody",
            "Anyone who knows the address can open this file, with or without our link. Tell a developer.",
            "The object answers a stranger without a signature: it was uploaded as public-read, or a bucket policy opens "
            "it. Set it private and upload without public-read; a signed link protects nothing that is public.",
        ),
        Code.CDN_STALE: Words(
            "Old copy in the CDN",
            f"An old copy of the file is still handed out on the web. {_REPORT}",
            "The CDN still serves what the bucket no longer has or now keeps private. Purge the path in the CDN.",
        ),
        Code.UNREFERENCED: Words(
            "File without a record",
            "No record points at this file. Leave it where it is.",
            "An object below our folders that no row resolves to: its row was deleted, or points elsewhere by mistake. "
            "See whether a missing file is this one before anybody takes it away.",
        ),
        Code.NEAR_DUPLICATE_OBJECTS: Words(
            "Same file twice",
            "The same file is stored more than once. Nothing is wrong.",
            "Several keys hold the same bytes, as after two uploads of one PDF. It explains names with a random suffix; "
            "nothing has to be done.",
        ),
    }
)
