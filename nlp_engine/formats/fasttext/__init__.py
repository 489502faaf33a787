"""fastText model files (`.bin`).

Layout, all little-endian, from fastText's sources (args.cc, dictionary.cc, fasttext.cc,
densematrix.cc): magic and version; 12 int32 settings and a double; the dictionary (int32 entries,
words, labels; int64 tokens, pruned; per entry a NUL-terminated word, an int64 count and an int8
type); a quantisation flag and the input matrix; another flag and the output matrix. A dense
matrix is int64 rows and columns, then float32 values.
"""

from nlp_engine.formats.fasttext.ngrams import LINE_END_WORD, ngram_buckets
from nlp_engine.formats.fasttext.reading import (
    FastTextMatrices,
    FastTextModel,
    is_model,
    open_matrices,
    read_model,
)
from nlp_engine.formats.fasttext.writing import VectorsModelSettings, write_vectors_model

__all__ = [
    "LINE_END_WORD",
    "FastTextMatrices",
    "FastTextModel",
    "VectorsModelSettings",
    "is_model",
    "ngram_buckets",
    "open_matrices",
    "read_model",
    "write_vectors_model",
]
