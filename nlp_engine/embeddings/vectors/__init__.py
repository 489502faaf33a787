"""Word vectors as trained: look-up, neighbours, analogies, files, other libraries."""

from nlp_engine.embeddings.vectors.subwords import Subwords
from nlp_engine.embeddings.vectors.word_vectors import LINE_END_WORD, Neighbours, WordVectors

__all__ = ["LINE_END_WORD", "Neighbours", "Subwords", "WordVectors"]
