"""Trainers of others, behind this package's settings and artifacts."""
