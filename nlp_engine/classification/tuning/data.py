"""Examples as trials need them, read once for all trials that read them alike."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.classification.trainer import TrainingData, read_data
from nlp_engine.classification.vocabulary import frequent
from nlp_engine.formats.fasttext import Entries
from nlp_engine.memory import available_memory
from nlp_engine.progress import Report

_SHARE_OF_MEMORY = 4  # a quarter of what is free


@dataclass(slots=True)
class ExampleCache:
    """The examples of a corpus, by the settings that decide how they are read.

    Attributes:
        train: Labelled file.
        validation: Labelled file, held out.
        every: The entries of `train`, with the rarest of words.
    """

    train: Path
    validation: Path
    every: Entries
    _read: OrderedDict[tuple[object, ...], TrainingData] = field(default_factory=OrderedDict)

    def get(self, chosen: ClassifierSettings, report: Report) -> tuple[Entries, TrainingData]:
        """Words, labels and examples for some settings."""
        entries = frequent(self.every, chosen.min_count)
        characters = (chosen.min_char, chosen.max_char) if chosen.subwords else ()
        buckets = chosen.buckets if chosen.has_ngrams else 0
        key = (len(entries.words), chosen.word_ngrams, buckets, characters)
        if key not in self._read:
            self._read[key] = read_data(self.train, self.validation, entries, chosen, report)
        self._read.move_to_end(key)
        self._forget()
        return entries, self._read[key]

    def _forget(self) -> None:
        """Keep what was used last within memory."""
        free = available_memory()
        while len(self._read) > 1 and sum(map(_size, self._read.values())) > (
            free // _SHARE_OF_MEMORY
        ):
            self._read.popitem(last=False)


def _size(data: TrainingData) -> int:
    examples = [data.examples] + ([data.validation] if data.validation else [])
    buckets = (data.buckets.shared, data.buckets.lone, data.buckets.lone_offsets)
    return sum(array.nbytes for array in buckets) + sum(
        e.rows.nbytes + e.row_offsets.nbytes for e in examples
    )
