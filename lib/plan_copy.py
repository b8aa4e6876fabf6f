"""The shell script of a plan that copies objects: HEAD the target, copy, HEAD again; it never overwrites or deletes. Pure.

Keys are handed over as JSON in ASCII (``--cli-input-json``): as an argument of its own, a key that begins with
``file://`` would be read from disk, one that is not ASCII would depend on the locale, and ``--copy-source`` is encoded once
more by the command line (seen with aws-cli 1.46.3), so that odd keys name another object there.
"""

from __future__ import annotations

import json
import shlex

from lib.plan_evidence import evidence, shown
from lib.plans import Copy, Plan

HEAD = """\
#!/bin/sh
# Copies PDFs to where their records look for them. Needs the AWS command line with credentials of its own: none are in
# here. Read it, then run it: sh copy.sh
# Before each copy it asks whether something lies at the target: then nothing is copied there, and it says so. Any answer
# but "404, nothing there" stops the script. Nothing is overwritten and nothing is deleted; the old object stays. Ceph and
# DigitalOcean Spaces ignore the conditions of a copy (CopySourceIfMatch, IfNoneMatch), so the ETag of the source is
# compared before it, and the ETag and the size of the copy after it. Run it while nobody uploads to these keys. It may be
# run again.
set -eu
export AWS_REQUEST_CHECKSUM_CALCULATION=when_required AWS_RESPONSE_CHECKSUM_VALIDATION=when_required AWS_PAGER=
"""

FUNCTIONS = """\
copied=0 present=0 other=0

ask() { aws s3api "$1" --endpoint-url "$endpoint" --region "$region" --cli-input-json "$2" --query "$3" --output text 2>&1; }
stop() { echo "record $record: $1. Stopped; $copied copied before." >&2; exit 1; }

# $1 record, $2 source, $3 target, $4 copy (each as JSON), $5 ETag and size of the source; an upload in parts: its size
mend() {
  record=$1 says='to_string(ContentLength)'
  case $5 in '"'*) says="join(' ', [ETag, $says])" ;; esac
  if found=$(ask head-object "$3" "$says"); then
    if [ "$found" = "$5" ] && [ "$says" != 'to_string(ContentLength)' ]; then
      echo "record $record: the same file lies at the target already"
      present=$((present + 1))
    else
      echo "record $record: the file at the target is NOT THE SAME, or cannot be compared; nothing was copied there" >&2
      other=$((other + 1))
    fi
    return 0
  fi
  case $found in
    *'An error occurred (404) '*) ;;
    *) stop "storage does not say whether the target is free: $found" ;;
  esac
  found=$(ask head-object "$2" "$says") || stop "the source cannot be read: $found"
  [ "$found" = "$5" ] || stop "the source is no longer what the plan saw: $found"
  found=$(ask copy-object "$4" CopyObjectResult.ETag) || stop "the copy failed: $found"
  found=$(ask head-object "$3" "$says") || stop "the copy cannot be read: $found"
  [ "$found" = "$5" ] || stop "the copy is not the same file: $found"
  echo "record $record: copied"
  copied=$((copied + 1))
}
"""

TAIL = """
echo "$copied copied, $present there already, $other with a file at the target that is not known to be the same"
[ "$other" -eq 0 ]
"""


def shell(plan: Plan) -> str:
    """Return the script, or '' where nothing is to be copied. It holds no credential."""
    if not plan.copies:
        return ""
    site = plan.site
    lines = [HEAD, f"endpoint={shlex.quote(site.endpoint_url)}", f"region={shlex.quote(site.region)}", FUNCTIONS]
    for place, step in enumerate(plan.copies, start=1):
        lines += [
            f"# {place} of {len(plan.copies)}: {evidence(step)}",
            f"# from {shown(step.source)}",
            f"#   to {shown(step.target)}",
            _call(step, bucket=site.rules.bucket),
            "",
        ]
    return "\n".join(lines) + TAIL


def _call(step: Copy, *, bucket: str) -> str:
    source, target = {"Bucket": bucket, "Key": step.source}, {"Bucket": bucket, "Key": step.target}
    copy = {**target, "CopySource": source, "MetadataDirective": "COPY", "ACL": "private"}
    found = step.candidate.sighting
    # The ETag of an upload in parts may change with a copy; there the size is all that can be compared.
    wanted = f'"{found.etag}" {found.size_bytes}' if found.md5 is not None else f"{found.size_bytes}"
    words = (str(step.record_id), *map(json.dumps, (source, target, copy)), wanted)
    return "mend " + " \\\n  ".join(map(shlex.quote, words))
