"""MovieLens (ml-latest-small), and what its texts are read by: LSA, and a knowledge base."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.wiki.extract import extract_dumps

YEAR = re.compile(r"\s*\((\d{4})\)")
MIN_RATING = 1.5
"""A rating above 1 is an interaction, as in AWS's samples."""
_DUMP = "gensim_enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"


@dataclass(frozen=True, kw_only=True)
class Movie:
    """A row of movies.csv, and the tags that users gave it."""

    id: str
    title: str
    genres: Sequence[str]
    tags: Sequence[str]

    def text(self, *, year: bool, tags: bool) -> str:
        """Title and genres, with the tags or without, with the year or without."""
        title = self.title if year else YEAR.sub("", self.title)
        return " ".join([title, *self.genres, *(self.tags if tags else ())])


def read_movies(folder: Path) -> list[Movie]:
    """All movies."""
    tags: dict[str, list[str]] = {}
    with (folder / "tags.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            tags.setdefault(row["movieId"], []).append(row["tag"])
    with (folder / "movies.csv").open(encoding="utf-8", newline="") as file:
        return [
            Movie(
                id=row["movieId"],
                title=row["title"],
                genres=row["genres"].split("|"),
                tags=tags.get(row["movieId"], []),
            )
            for row in csv.DictReader(file)
        ]


def read_ratings(folder: Path) -> list[tuple[str, str, float, int]]:
    """User, movie, rating and time."""
    with gzip.open(folder / "ratings.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return [
            (row["userId"], row["movieId"], float(row["rating"]), int(row["timestamp"]))
            for row in csv.DictReader(file)
        ]


def lsa_vectors(texts: Sequence[str], dim: int = 100) -> NDArray[np.float32]:
    """Latent semantic analysis: tf-idf, the first singular vectors, length 1."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    weights = TfidfVectorizer(sublinear_tf=True, min_df=2).fit_transform(texts)
    rows = TruncatedSVD(dim, random_state=0).fit_transform(weights)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, 1e-12), np.float32)


def english_sample(data: Path, scratch: Path) -> KnowledgeBase:
    """A knowledge base of the English sample that gensim has, too."""
    extract_dumps([data / "dumps" / "original" / _DUMP], scratch / "extracted")
    return KnowledgeBase.build(scratch / "extracted", scratch / "kb")
