"""A boto3 client that takes everything from its configuration and nothing from where it happens to run."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from botocore.credentials import CredentialResolver
from botocore.parsers import ResponseParserError

from lib.stores.s3_config import S3Config

THREADS = 8  # a HEAD costs about 3 ms of CPU under the GIL; more threads only hurt
SPARE_CONNECTIONS = 8
# What these answers must be: boto3 reads another document, and none at all, as "there is nothing".
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html and API_ListObjectVersions.html
DOCUMENTS = {
    "GetBucketVersioning": ("VersioningConfiguration", "GetBucketVersioningResponse"),  # the second is moto's, 5.2.5
    "ListObjectVersions": ("ListVersionsResult",),
}
_ROOT = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<(?:\?xml[^>]*|!--.*?--)>\s*)*<(\w+)", re.DOTALL
)  # of a body that botocore could parse, or of none


def connect(config: S3Config) -> Any:
    """Return an S3 client. Touches no network.

    Profiles, ``~/.aws``, instance metadata and every ``AWS_…`` variable of the environment are shut out: an operator's
    own laptop profile must not decide which bucket a clinic's file is looked up in.
    """
    ambient = {
        name: (None, None, default, conversion)
        for name, (_, _, default, conversion) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    ambient |= dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    core = botocore.session.Session(session_vars=ambient)
    core.register_component("credential_provider", CredentialResolver([]))
    if config.access_key_id and config.secret_access_key:
        core.set_credentials(config.access_key_id, config.secret_access_key, config.session_token)
    client = boto3.Session(botocore_session=core).client(
        "s3",
        region_name=config.region or "us-east-1",  # Ceph never looks at it; the signature needs one
        endpoint_url=config.endpoint_url,
        verify=config.ca_bundle or True,
        config=Config(
            # Left to itself boto3 signs links with V2 for a custom endpoint in us-east-1.
            signature_version="s3v4",
            s3={"addressing_style": config.addressing_style},
            connect_timeout=config.connect_timeout_s,
            read_timeout=config.read_timeout_s,
            retries={"mode": "standard", "total_max_attempts": 2},
            # The default checksums break PUT over https on Ceph RGW 16.2.15 (MissingContentLength).
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            max_pool_connections=THREADS + SPARE_CONNECTIONS,
            use_fips_endpoint=False,
            use_dualstack_endpoint=False,
        ),
    )
    client.meta.events.register_last("before-parameter-build.s3", _follow_no_redirect)
    for operation, documents in DOCUMENTS.items():
        client.meta.events.register(f"after-call.s3.{operation}", partial(_require, documents))
    return client


def _require(documents: Sequence[str], http_response: Any, **_: object) -> None:
    """Raise ResponseParserError where an answer that is no error is none of these documents."""
    if http_response.status_code >= 300:
        return
    root = _ROOT.match(http_response.content)
    if root is None or root[1].decode() not in documents:
        raise ResponseParserError(f"not a {documents[0]}")


def _follow_no_redirect(context: dict[str, Any], **_: object) -> None:
    """Keep botocore from looking for the bucket's region after a 301, 302, 307 or 400.

    Its search is a HEAD that is redirected too: against a server that redirects everything, such as a network's login
    page, botocore 1.44.5 recurses until RecursionError. A wrong region is a setting to correct, not to work around.
    """
    context["s3_redirect"]["redirected"] = True
