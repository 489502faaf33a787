"""Look-up, neighbours and analogies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from nlp_engine.embeddings.vectors import interchange
from nlp_engine.errors import InputError
from nlp_engine.files import new_file
from nlp_engine.formats import word2vec
from nlp_engine.formats.fasttext import LINE_END_WORD as LINE_END_WORD
from nlp_engine.formats.stored_vectors import StoredVectors, Subwords, read_vectors
from nlp_engine.manifest import Manifest, read_manifest
from nlp_engine.native.vectors import RowIndex
from nlp_engine.text.tokenizers import Tokenizer, TokenizerSettings, open_tokenizer

Neighbours = list[tuple[str, float]]
"""Words with their cosines, nearest first."""
_BLOCK_ROWS = 1 << 14
_BLOCK_HITS = 1 << 22


class WordVectors:
    """V words with vectors of D dimensions, most frequent word first.

    Args:
        words: (V) the words.
        matrix: float32 (V, D), a row per word; with `subwords` the words' own rows.
        manifest: Of the vectors folder they come from.
        subwords: Rows of character n-grams. Then a word's vector is the mean of its own row and
            its n-grams' rows, and words that are not in the vocabulary have vectors, too.

    Attributes:
        words: (V) the words.
        matrix: float32 (V, D), a vector per word; it may lie in a mapped file, read-only.
        unit: float32 (V, D), the vectors scaled to length 1.
        subwords: Rows of character n-grams, if there are any.
        manifest: Of the vectors folder they come from, else None.
    """

    def __init__(
        self,
        words: Sequence[str],
        matrix: NDArray[np.float32],
        manifest: Manifest | None = None,
        *,
        subwords: Subwords | None = None,
    ) -> None:
        self.words = list(words)
        self.manifest = manifest
        self.subwords = subwords
        self._rows = matrix
        self._index = {word: index for index, word in enumerate(self.words)}

    @classmethod
    def open(cls, path: Path | str) -> WordVectors:
        """Open a vectors folder, a fastText model, or a word2vec file, text or binary.

        A folder's vectors and a fastText model's stay in the file, which is mapped into memory:
        they are read when they are used, and processes share them.

        Raises:
            InputError: Missing or damaged.
            FormatError: A folder or file of another kind.
        """
        path = Path(path)
        manifest = read_manifest(path, "vectors") if path.is_dir() else None
        stored = read_vectors(path / "vectors.bin" if manifest else path)
        return cls(stored.words, stored.rows, manifest, subwords=stored.subwords)

    @classmethod
    def from_gensim(cls, keyed_vectors: Any) -> WordVectors:
        """The vectors of a `gensim.models.KeyedVectors`; sub-words too if it has them."""
        stored = interchange.from_keyed_vectors(keyed_vectors)
        return cls(stored.words, stored.rows, subwords=stored.subwords)

    @classmethod
    def from_spacy(cls, nlp: Any) -> WordVectors:
        """The vectors of a spaCy pipeline's vocabulary.

        Raises:
            InputError: It has none, or none per word.
        """
        stored = interchange.from_spacy(nlp)
        return cls(stored.words, stored.rows)

    def to_gensim(self) -> Any:
        """A `gensim.models.KeyedVectors` with these vectors.

        Raises:
            MissingExtraError: gensim is not installed.
        """
        return interchange.to_keyed_vectors(StoredVectors(self.words, self.matrix))

    def to_spacy(self, nlp: Any) -> Any:
        """Give a spaCy pipeline's vocabulary these vectors.

        Args:
            nlp: The pipeline, or a language code such as `en` for a blank one.

        Returns:
            The pipeline.

        Raises:
            MissingExtraError: spaCy is not installed.
        """
        return interchange.to_spacy(StoredVectors(self.words, self.matrix), nlp)

    def save(self, path: Path | str, *, binary: bool = False, overwrite: bool = False) -> None:
        """Write the vectors as a word2vec file; sub-words have no place there.

        Args:
            path: The file.
            binary: word2vec's binary format instead of text.
            overwrite: Replace an existing file.

        Raises:
            InputError: A word with a space or line feed, which these files cannot hold.
            OutputError: The file exists or cannot be written.
        """
        write = word2vec.write_binary if binary else word2vec.write_text
        with new_file(Path(path), overwrite=overwrite) as file:
            write(file, self.words, self.matrix)

    @cached_property
    def matrix(self) -> NDArray[np.float32]:
        """float32 (V, D), a vector per word."""
        return self.subwords.matrix(self.words, self._rows) if self.subwords else self._rows

    @cached_property
    def unit(self) -> NDArray[np.float32]:
        """float32 (V, D), the vectors scaled to length 1; a copy, made when it is first used."""
        unit = np.empty(self.matrix.shape, np.float32)
        for begin in range(0, len(unit), _BLOCK_ROWS):
            block = slice(begin, begin + _BLOCK_ROWS)
            unit[block] = _unit(self.matrix[block])
        return unit

    @cached_property
    def _neighbour_index(self) -> RowIndex:
        return RowIndex(self.matrix)

    @property
    def vector_dim(self) -> int:
        """Length D of the vectors."""
        return int(self._rows.shape[1])

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        """Whether a word is in the vocabulary; others may have a vector by sub-words."""
        return word in self._index

    def __getitem__(self, word: str) -> NDArray[np.float32]:
        """The (D) vector of a word; `KeyError` if it has none."""
        vector = self.get(word)
        if vector is None:
            raise KeyError(word)
        return vector

    def get(self, word: str) -> NDArray[np.float32] | None:
        """The (D) vector of a word; None if it is not in the vocabulary and without sub-words."""
        index = self._index.get(word)
        if self.subwords is not None:
            return self.subwords.vector(word, None if index is None else self._rows[index])
        return None if index is None else np.asarray(self._rows[index])

    def ids(self, words: Iterable[str]) -> NDArray[np.int32]:
        """Positions in the vocabulary of those words that are in it, in order."""
        known = (self._index.get(word) for word in words)
        return np.array([index for index in known if index is not None], np.int32)

    def tokenizer(self, name: str | None = None) -> Tokenizer:
        """The tokenizer that the training corpus was made with, as far as it is known.

        Args:
            name: Another one to use instead, for the same language.
        """
        return open_tokenizer(TokenizerSettings.of(self.manifest).named(name))

    def similarity(self, first: str, second: str) -> float:
        """Cosine of two words' vectors, -1 to 1; `KeyError` if one has none."""
        return float(self.similarities([first], [second])[0, 0])

    def similarities(
        self, words: Sequence[str], others: Sequence[str] | None = None
    ) -> NDArray[np.float32]:
        """float32 (N, M), the cosines of N words' vectors with M others', or with their own.

        Raises:
            KeyError: A word has no vector.
        """
        unit = _unit(self._stacked(words))
        return np.asarray(unit @ (unit if others is None else _unit(self._stacked(others))).T)

    @overload
    def most_similar(self, query: str, k: int = 10) -> Neighbours: ...
    @overload
    def most_similar(
        self, query: list[str] | list[NDArray[np.float32]], k: int = 10
    ) -> list[Neighbours]: ...
    @overload
    def most_similar(self, query: NDArray[np.float32], k: int = 10) -> Any: ...
    def most_similar(self, query: Any, k: int = 10) -> Any:
        """The `k` words nearest to a word or vector by cosine, without the word itself.

        The result is exact; many queries at once are faster than one after the other.

        Args:
            query: A word, a (D) vector, or many: a list of words or vectors, or a (Q, D) array.
            k: How many words; fewer are given if there are not so many.

        Returns:
            (word, cosine) pairs, nearest first; for many queries a list of such lists.

        Raises:
            InputError: A word is not in the vocabulary, and there are no sub-words.
        """
        single = isinstance(query, str) or (isinstance(query, np.ndarray) and query.ndim == 1)
        queries = [query] if single else query
        self._check_known([one for one in queries if isinstance(one, str)])
        wanted = [self[one] if isinstance(one, str) else one for one in queries]
        without = [[one] if isinstance(one, str) else [] for one in queries]
        found = self._nearest(self._as_rows(wanted), k, without)
        return found[0] if single else found

    @overload
    def analogy(self, a: str, b: str, c: str, k: int = 1) -> Neighbours: ...
    @overload
    def analogy(self, a: list[str], b: list[str], c: list[str], k: int = 1) -> list[Neighbours]: ...
    def analogy(self, a: Any, b: Any, c: Any, k: int = 1) -> Any:
        """Words that relate to `c` as `b` to `a`, by cosine to `b - a + c` (3CosAdd).

        Source: Mikolov, Yih, Zweig, "Linguistic Regularities in Continuous Space Word
        Representations", 2013.

        Args:
            a: A word, or a list of Q words for Q analogies at once.
            b: Likewise.
            c: Likewise.
            k: How many answers; `a`, `b` and `c` are none.

        Returns:
            (word, cosine) pairs, nearest first; for lists a list of such lists.

        Raises:
            InputError: A word is not in the vocabulary, and there are no sub-words.
        """
        if isinstance(a, str):
            return self.analogy([a], [b], [c], k)[0]
        questions = list(zip(a, b, c, strict=True))
        self._check_known(word for question in questions for word in question)
        unit_a, unit_b, unit_c = (_unit(self._stacked(words)) for words in (a, b, c))
        return self._nearest(unit_b - unit_a + unit_c, k, questions)

    def sentence_vector(self, words: Iterable[str]) -> NDArray[np.float32]:
        """The (D) mean of the words' unit vectors; zeros if no word has a vector."""
        known = list(words) if self.subwords else [word for word in words if word in self]
        if not known:
            return np.zeros(self.vector_dim, np.float32)
        return np.asarray(_unit(self._stacked(known)).mean(axis=0))

    def sentence_vectors(self, sentences: Iterable[Iterable[str]]) -> NDArray[np.float32]:
        """float32 (N, D), the vectors of N sentences, each an iterable of words."""
        return self._as_rows([self.sentence_vector(words) for words in sentences])

    def _stacked(self, words: Sequence[str]) -> NDArray[np.float32]:
        """(N, D) vectors of words; `KeyError` if one has none."""
        if self.subwords is None:
            return self._rows[[self._index[word] for word in words]]
        return self._as_rows([self[word] for word in words])

    def _as_rows(self, vectors: Sequence[Any]) -> NDArray[np.float32]:
        if not len(vectors):
            return np.empty((0, self.vector_dim), np.float32)
        rows = np.asarray(vectors, np.float32).reshape(len(vectors), -1)
        if rows.shape[1] != self.vector_dim:
            raise InputError(
                f"a vector of {rows.shape[1]} dimensions was given; these have {self.vector_dim}"
            )
        return rows

    def _nearest(
        self, queries: NDArray[np.float32], k: int, without: Sequence[Sequence[str]]
    ) -> list[Neighbours]:
        """The `k` words nearest to each of (Q, D) vectors, `without` the (Q) groups of words."""
        # So many more are looked up that k remain.
        wanted = max(k, 0) + 1 + max(map(len, without), default=0)
        step = max(_BLOCK_HITS // wanted, 1)
        found: list[Neighbours] = []
        for begin in range(0, len(queries), step):
            ids, cosines = self._neighbour_index.top_k(queries[begin : begin + step], wanted)
            groups = without[begin : begin + step]
            for row, values, group in zip(ids.tolist(), cosines.tolist(), groups, strict=True):
                hits = zip((self.words[index] for index in row), values, strict=True)
                excluded = {LINE_END_WORD, *group}
                found.append([hit for hit in hits if hit[0] not in excluded][: max(k, 0)])
        return found

    def _check_known(self, words: Iterable[str]) -> None:
        if self.subwords is not None:
            return
        unknown = [word for word in words if word not in self._index]
        if unknown:
            raise InputError(
                f"not in the vocabulary of {len(self)} words: {', '.join(unknown)}; "
                "words are as the corpus has them, usually lower-case"
            )


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, D) rows scaled to length 1; zeros stay zeros."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, np.finfo(np.float32).tiny), np.float32)
