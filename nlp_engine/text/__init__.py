"""Strings: sentences and tokens."""
