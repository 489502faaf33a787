"""Word vectors as trained: look-up, neighbours, analogies, files, other libraries."""

from nlp_engine.embeddings.vectors.word_vectors import LINE_END_WORD, Neighbours, WordVectors
from nlp_engine.formats.stored_vectors import Subwords

__all__ = ["LINE_END_WORD", "Neighbours", "Subwords", "WordVectors"]
