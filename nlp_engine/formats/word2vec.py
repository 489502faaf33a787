"""word2vec's two formats: a header line `words dimensions`, then each word and its numbers.

As text, a line per word with its numbers after spaces; as binary, the word, a space, and float32
numbers, with or without a line feed behind them (Google's program writes one, gensim does not).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from nlp_engine.errors import FormatError, InputError
from nlp_engine.files import open_input
from nlp_engine.native.vectors import ParsedRows, format_rows, parse_rows

_BLOCK_BYTES = 1 << 23
_BLOCK_ROWS = 4096
_LONGEST_WORD = 1 << 20
_LONGEST_NUMBER = 64
_LONGEST_HEADER = 100
_SHOWN = 40
_NUMBER_BYTES = b"0123456789+-.eEinfatyINFATY \t\r\n"
_Rows = Callable[[Sequence[str], NDArray[np.float32]], bytes]


def write_text(path: Path, words: Sequence[str], vectors: NDArray[np.float32]) -> None:
    """Write vectors as text, with the fewest digits that give back the same float32.

    Args:
        path: The file.
        words: (V) words without space and line feed.
        vectors: float32 (V, D) their vectors; rows may be padded.

    Raises:
        InputError: A word that the format cannot hold.
    """
    _write(path, words, vectors, format_rows)


def write_binary(path: Path, words: Sequence[str], vectors: NDArray[np.float32]) -> None:
    """Write vectors as word2vec binary; as `write_text` otherwise."""
    _write(path, words, vectors, _binary_rows)


def read_text(path: Path) -> tuple[list[str], NDArray[np.float32]]:
    """Read vectors from text, of any compression.

    Returns:
        (V) words and (V, D) vectors.

    Raises:
        InputError: The file is missing or damaged.
        FormatError: It is in another format or cut short; the message names the line.
    """
    with open_input(path) as file:
        count, dim, vectors = _header(file, path)
        words: list[str] = []
        for text in _line_blocks(file, path, dim):
            parsed = parse_rows(text, vectors[len(words) :])
            words += _decoded(parsed.words, path, len(words))
            _check_line(parsed, path, len(words) + 2, dim)
            if text[parsed.consumed :].strip():
                raise FormatError(f"{path}, line {count + 2}: the header says {count} words only")
    if len(words) < count:
        raise FormatError(
            f"{path}, line {len(words) + 2}: the file ends; the header says {count} words"
        )
    return words, vectors


def read_binary(path: Path) -> tuple[list[str], NDArray[np.float32]]:
    """Read vectors from word2vec binary, of any compression.

    Returns:
        (V) words and (V, D) vectors.

    Raises:
        InputError: The file is missing or damaged.
        FormatError: It is in another format or cut short; the message names the word's number.
    """
    with open_input(path) as file:
        count, dim, vectors = _header(file, path)
        words: list[bytes] = []
        data, position = b"", 0
        while len(words) < count:
            space = data.find(b" ", position)
            end = space + 1 + 4 * dim
            if space >= 0 and end <= len(data):
                vectors[len(words)] = np.frombuffer(data, "<f4", dim, space + 1)
                words.append(data[position:space].lstrip(b"\n"))
                position = end
                continue
            more = file.read(_BLOCK_BYTES)
            if not more or (space < 0 and len(data) - position > _LONGEST_WORD):
                raise FormatError(
                    f"{path}, word {len(words) + 1} of {count}: the file is cut short or damaged; "
                    "is it in word2vec's binary format?"
                )
            data, position = data[position:] + more, 0
        if data[position:].strip() or file.read(_BLOCK_BYTES).strip():
            raise FormatError(f"{path}: the header says {count} words, but the file goes on")
    return _decoded(b"".join(word + b"\n" for word in words), path), vectors


def is_binary(path: Path) -> bool:
    """Whether a word2vec file is binary, by its first vector; False if it is neither.

    Raises:
        InputError: The file is missing or damaged.
        FormatError: It has no header.
    """
    with open_input(path) as file:
        _, dim = _sizes(file, path)
        head = file.read(_LONGEST_WORD + _LONGEST_NUMBER * dim)
    _, _, numbers = head.partition(b" ")
    fields = numbers.partition(b"\n")[0].split()
    if len(fields) == dim and all(map(_is_number, fields)):
        return False
    return bool(numbers[: 4 * dim].translate(None, _NUMBER_BYTES))


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _write(path: Path, words: Sequence[str], vectors: NDArray[np.float32], rows: _Rows) -> None:
    for word in words:
        if " " in word or "\n" in word:
            raise InputError(
                f"the word {word!r} has a space or line feed, which ends words in word2vec files; "
                "replace it, for example by _"
            )
    if len(words) != len(vectors):
        raise ValueError(f"{len(words)} words, but {len(vectors)} vectors")
    with path.open("wb") as file:
        file.write(b"%d %d\n" % vectors.shape)
        for begin in range(0, len(words), _BLOCK_ROWS):
            end = begin + _BLOCK_ROWS
            file.write(rows(words[begin:end], vectors[begin:end]))


def _binary_rows(words: Sequence[str], vectors: NDArray[np.float32]) -> bytes:
    block = np.ascontiguousarray(vectors, "<f4")
    return b"".join(
        b"%b %b\n" % (word.encode("utf-8"), row.tobytes())
        for word, row in zip(words, block, strict=True)
    )


def _sizes(file: BinaryIO, path: Path) -> tuple[int, int]:
    try:
        count, dim = (int(number) for number in file.readline(_LONGEST_HEADER).split())
    except ValueError as error:
        raise _no_header(path) from error
    if count < 0 or dim < 0:
        raise _no_header(path)
    return count, dim


def _no_header(path: Path) -> FormatError:
    return FormatError(
        f"{path}, line 1: expected the number of words and of dimensions; is it a word2vec file?"
    )


def _header(file: BinaryIO, path: Path) -> tuple[int, int, NDArray[np.float32]]:
    count, dim = _sizes(file, path)
    try:
        return count, dim, np.empty((count, dim), np.float32)
    except (ValueError, MemoryError) as error:
        raise FormatError(
            f"{path}, line 1: {count} words of {dim} dimensions are more than fit into memory; "
            "is it a word2vec file?"
        ) from error


def _line_blocks(file: BinaryIO, path: Path, dim: int) -> Iterator[bytes]:
    """Whole lines, many at once."""
    pending = b""
    while block := file.read(_BLOCK_BYTES):
        end = block.rfind(b"\n") + 1
        if end:
            yield pending + block[:end]
            pending = block[end:]
        else:
            pending += block
        if len(pending) > _LONGEST_WORD + _LONGEST_NUMBER * dim + _BLOCK_BYTES:
            raise FormatError(f"{path} has a line that is too long; is it a word2vec text file?")
    if pending:
        yield pending


def _check_line(parsed: ParsedRows, path: Path, line: int, dim: int) -> None:
    if parsed.problem == "number count":
        raise FormatError(f"{path}, line {line}: {parsed.numbers} numbers, the header says {dim}")
    if parsed.problem == "bad number":
        shown = parsed.bad_number[:_SHOWN].decode("utf-8", "replace")
        raise FormatError(f"{path}, line {line}: {shown!r} is no number of float32")


def _decoded(lines: bytes, path: Path, before: int = 0) -> list[str]:
    """Words that each end with a line feed; `before` is how many came before them."""
    try:
        return lines.decode("utf-8").split("\n")[:-1]
    except UnicodeDecodeError as error:
        number = before + lines.count(b"\n", 0, error.start) + 1
        raise FormatError(f"{path}: word {number} is no UTF-8 ({error.reason})") from error
