"""Make labelled files for text classification, in fastText's format, from tables.

An entry point of SageMaker Processing jobs: CSV, JSON Lines or Parquet files in the input folder,
`train.txt`, `validation.txt` and `test.txt` in a folder of this instance's name in the output
folder. Every instance splits its own share. Elsewhere:

    python scripts/prepare_textcat.py --input tables --output labelled --text body --label topic
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nlp_engine as ne
from nlp_engine.corpus.gather import one_source
from nlp_engine.corpus.settings import LabelSettings
from nlp_engine.manifest import Manifest
from nlp_engine.sagemaker.processing import run


def prepare_textcat(paths: Sequence[Path], out: Path, **options: Any) -> Manifest:
    """Make a labelled corpus of this instance's share of the files."""
    with one_source(paths) as source:
        return ne.label_corpus(source, out, **options)


if __name__ == "__main__":
    sys.exit(run(prepare_textcat, LabelSettings))
