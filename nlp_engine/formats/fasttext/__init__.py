"""fastText model files (`.bin`).

Layout, all little-endian, from fastText's sources (args.cc, dictionary.cc, fasttext.cc,
densematrix.cc): magic and version; 12 int32 settings and a double; the dictionary (int32 entries,
words, labels; int64 tokens, pruned; per entry a NUL-terminated word, an int64 count and an int8
type; of a pruned model int32 pairs of a bucket and its row); a quantisation flag and the input
matrix; another flag and the output matrix. A dense matrix is int64 rows and columns, then float32
values. A quantised one (quantmatrix.cc, productquantizer.cc) is whether it has norms, int64 rows
and columns, an int32 count of codes, the codes, a quantiser, and perhaps a code for each row's norm
and the norms' quantiser; a quantiser is int32 columns, parts, floats of a part and of the last one,
and for each part 256 centroids.
"""

from nlp_engine.formats.fasttext.ngrams import LINE_END_WORD, ngram_buckets
from nlp_engine.formats.fasttext.reading import (
    FastTextClassifier,
    FastTextMatrices,
    FastTextModel,
    is_model,
    open_classifier,
    open_matrices,
    read_model,
)
from nlp_engine.formats.fasttext.size import (
    KEPT_BUCKET_BYTES,
    code_bytes,
    entry_bytes,
    quantized_model_bytes,
)
from nlp_engine.formats.fasttext.writing import (
    Entries,
    ModelSettings,
    write_model,
    write_quantized_model,
)

__all__ = [
    "KEPT_BUCKET_BYTES",
    "LINE_END_WORD",
    "Entries",
    "FastTextClassifier",
    "FastTextMatrices",
    "FastTextModel",
    "ModelSettings",
    "code_bytes",
    "entry_bytes",
    "is_model",
    "ngram_buckets",
    "open_classifier",
    "open_matrices",
    "quantized_model_bytes",
    "read_model",
    "write_model",
    "write_quantized_model",
]
