"""word2vec's text format: a header `words dimensions`, then a word and its numbers per line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp_engine.errors import FormatError
from nlp_engine.files import open_input


def write_text(path: Path, words: Sequence[str], vectors: NDArray[np.float32]) -> None:
    """Write vectors as text, with 6 significant digits as fastText writes its `.vec` files.

    Args:
        path: The file.
        words: (V) words without white space.
        vectors: (V, D) their vectors.
    """
    row_format = "%s" + " %.6g" * vectors.shape[1] + "\n"
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{vectors.shape[0]} {vectors.shape[1]}\n")
        for word, vector in zip(words, vectors.tolist(), strict=True):
            file.write(row_format % (word, *vector))


def read_text(path: Path) -> tuple[list[str], NDArray[np.float32]]:
    """Read vectors from text.

    Returns:
        (V) words and (V, D) vectors.

    Raises:
        InputError: The file is missing or damaged.
        FormatError: It is in another format or cut short; the message names the line.
    """
    with open_input(path) as file:
        header = file.readline().split()
        try:
            count, dim = (int(number) for number in header)
            vectors = np.empty((count, dim), np.float32)
        except ValueError as error:
            raise FormatError(
                f"{path}, line 1: expected the number of words and of dimensions; "
                "is it a word2vec text file?"
            ) from error
        words = []
        for index in range(count):
            # Words are cut off at the first space: they may contain U+00A0, U+2028 and the like.
            word, _, numbers = file.readline().partition(b" ")
            fields = numbers.split()
            if len(fields) != dim:
                raise FormatError(
                    f"{path}, line {index + 2}: {len(fields)} numbers, the header says {dim}"
                )
            try:
                vectors[index] = [float(field) for field in fields]
                words.append(word.decode("utf-8"))
            except ValueError as error:
                raise FormatError(f"{path}, line {index + 2}: {error}") from error
    return words, vectors
