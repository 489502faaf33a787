"""Entities: a knowledge base from a wiki's links, spotting mentions, ranking candidates."""
