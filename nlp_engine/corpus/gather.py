"""Several files as one source: a folder of links to them."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path


@contextlib.contextmanager
def one_source(paths: Sequence[Path]) -> Iterator[Path]:
    """Give one path for one or several files; it holds while the block runs.

    Several files become links in a temporary folder; the name of a link holds those of the
    folders in which the files differ, so that `a/part-0` and `b/part-0` are both there.
    """
    if len(paths) == 1:
        yield paths[0]
        return
    root = Path(os.path.commonpath([path.absolute().parent for path in paths]))
    with tempfile.TemporaryDirectory(prefix="nlp_engine-") as folder:
        for path in paths:
            name = "_".join(path.absolute().relative_to(root).parts)
            Path(folder, name).symlink_to(path.absolute())
        yield Path(folder)
