"""What a compression did to a classifier, and `compression.json`, which holds it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

COMPRESSION_FILE = "compression.json"


@dataclass(frozen=True, slots=True)
class Change:
    """A figure before and after; None where it was not measured."""

    before: float
    after: float | None


@dataclass(frozen=True, kw_only=True)
class Compression:
    """What a compression did.

    Attributes:
        bytes: Sizes of the model files.
        words: Words that the models know.
        ngrams: Buckets of n-grams that have a row other than zeros.
        accuracy: Share of examples whose most probable label is right, by fold or file; before
            alone if no data was named.
    """

    bytes: Change
    words: Change
    ngrams: Change
    accuracy: Mapping[str, Change]


def write_compression(folder: Path, made: Compression) -> None:
    """Write `compression.json`."""
    text = json.dumps(asdict(made), indent=2, ensure_ascii=False)
    (folder / COMPRESSION_FILE).write_text(text + "\n", encoding="utf-8")
