"""Make a text8 corpus, or one of sentences, from dumps, tables or texts.

An entry point of SageMaker Processing jobs: documents in the input folder, the corpus in a folder
of this instance's name in the output folder. Elsewhere:

    python scripts/prepare_text8.py --input documents --output corpora [--language en] [...]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nlp_engine as ne
from nlp_engine.corpus.gather import one_source
from nlp_engine.corpus.settings import CorpusSettings
from nlp_engine.manifest import Manifest
from nlp_engine.sagemaker.processing import run


def prepare_text8(paths: Sequence[Path], out: Path, **options: Any) -> Manifest:
    """Make a text8 corpus of this instance's share of the files."""
    with one_source(paths) as source:
        return ne.build_corpus(source, out, **({"format": "text8"} | options))


if __name__ == "__main__":
    sys.exit(run(prepare_text8, CorpusSettings))
