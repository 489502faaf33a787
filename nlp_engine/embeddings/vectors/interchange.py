"""Word vectors to gensim and spaCy, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from nlp_engine.errors import InputError, require
from nlp_engine.formats.stored_vectors import StoredVectors, Subwords


def to_keyed_vectors(stored: StoredVectors) -> Any:
    """A `gensim.models.KeyedVectors` with a copy of the rows."""
    keyed = require("gensim.models", "gensim").KeyedVectors(stored.rows.shape[1])
    keyed.add_vectors(stored.words, np.asarray(stored.rows))
    return keyed


def from_keyed_vectors(keyed: Any) -> StoredVectors:
    """The words and rows of a `KeyedVectors`; n-grams too of a `FastTextKeyedVectors`.

    Nothing is copied.
    """
    words = list(keyed.index_to_key)
    if not getattr(keyed, "bucket", 0):
        return StoredVectors(words, np.asarray(keyed.vectors, np.float32))
    subwords = Subwords(
        min_char=keyed.min_n,
        max_char=keyed.max_n,
        bucket_rows=np.asarray(keyed.vectors_ngrams, np.float32),
    )
    return StoredVectors(words, np.asarray(keyed.vectors_vocab, np.float32), subwords)


def to_spacy(stored: StoredVectors, pipeline: Any) -> Any:
    """Give a spaCy pipeline's vocabulary a copy of the rows; return the pipeline.

    Args:
        stored: The vectors.
        pipeline: A `spacy.Language`, or a language code for a blank one.
    """
    spacy_vectors = require("spacy.vectors", "spacy")
    nlp = require("spacy", "spacy").blank(pipeline) if isinstance(pipeline, str) else pipeline
    for word in stored.words:
        nlp.vocab.strings.add(word)
    nlp.vocab.vectors = spacy_vectors.Vectors(
        strings=nlp.vocab.strings, data=np.array(stored.rows), keys=stored.words
    )
    return nlp


def from_spacy(nlp: Any) -> StoredVectors:
    """The words of a spaCy pipeline's vocabulary that have a row, in the rows' order.

    Raises:
        InputError: It has no vectors, or vectors of n-grams only (floret).
    """
    table = nlp.vocab.vectors
    if str(getattr(table.mode, "value", table.mode)) != "default":
        raise InputError(
            f"the pipeline's vectors are of mode {table.mode}, which has no vector per word; "
            "use one with plain vectors"
        )
    if not len(table.key2row):
        raise InputError("the pipeline has no vectors; use one whose name ends in md or lg")
    keys, rows = zip(*sorted(table.key2row.items(), key=lambda item: item[1]), strict=True)
    words = [nlp.vocab.strings[key] for key in keys]
    return StoredVectors(words, np.asarray(table.data[list(rows)], np.float32))
