"""Data for Personalize on S3."""

from __future__ import annotations

from collections.abc import Sequence

from nlp_engine.personalize.client import S3
from nlp_engine.personalize.importing.plan import Upload
from nlp_engine.progress import Progress, Report


def upload(uploads: Sequence[Upload], region: str, report: Report) -> None:
    """Upload files, but for those that are there with the same content.

    Raises:
        EngineError: S3 refuses, or does not answer.
    """
    s3 = S3(region)
    total = sum(part.path.stat().st_size for part in uploads)
    done = 0
    for part in uploads:
        before = done

        def tell(more: int) -> None:
            nonlocal done
            done += more
            report(Progress("uploading", done, total, "bytes"))

        if not s3.has(part.bucket, part.key, part.sha256):
            s3.upload(str(part.path), part.bucket, part.key, part.sha256, tell)
        done = before + part.path.stat().st_size
        report(Progress("uploading", done, total, "bytes"))
