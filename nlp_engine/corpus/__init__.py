"""Corpora on disk: sources, tokenised and labelled corpora, vocabulary, counts."""
