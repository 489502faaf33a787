"""Extract Wikipedia dumps: clean text, links and categories as Parquet.

An entry point of SageMaker Processing jobs: dump files in the input folder, extracted shards in
a folder of this instance's name in the output folder. Elsewhere:

    python scripts/extract_wiki.py --input dumps --output extracted [--language en]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nlp_engine as ne
from nlp_engine.manifest import Manifest
from nlp_engine.sagemaker.processing import run
from nlp_engine.wiki.settings import ExtractSettings


def extract_wiki(paths: Sequence[Path], out: Path, **options: Any) -> Manifest:
    """Extract this instance's share of Wikipedia dump files."""
    return ne.extract_dumps(paths, out, **options)


if __name__ == "__main__":
    sys.exit(run(extract_wiki, ExtractSettings))
