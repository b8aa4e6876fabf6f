"""The guarded S3 in its own process: ``python -m dashboard.demo.process``.

The parent writes one line of options, then every object, to the child's standard input, and the child answers with its
address on standard output. After that the pipe stays open and silent: when it ends, because the parent stopped the
child or died in whatever way, the child ends too.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from dashboard.demo import seeds


def main() -> None:
    """Serve until standard input ends."""
    from dashboard.demo.guarded_s3 import SeedObject, serve  # brings moto: the slow part, while the parent writes

    stdin = sys.stdin.buffer
    try:
        options = seeds.receive_options(stdin)
        # Written before the demo began: what is younger than the grace time, a check of all files leaves alone.
        modified = datetime.now(UTC) - timedelta(hours=1)
        objects = [
            SeedObject(
                seed.key,
                seed.body,
                is_public=seed.is_public,
                content_type=seed.content_type,
                is_multipart=seed.is_multipart,
                modified=modified,
            )
            for seed in seeds.receive_seeds(stdin)
        ]
    except EOFError:
        return
    with serve(
        objects,
        bucket=options.bucket,
        access_key_id=options.access_key_id,
        secret_access_key=options.secret_access_key,
        port=0,
    ) as s3:
        sys.stdout.write(f"{s3.endpoint_url}\n")
        sys.stdout.flush()
        stdin.read()


if __name__ == "__main__":
    main()
