"""A 2-D picture of word vectors."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import require
from nlp_engine.reports.drawing import COLOURS, is_wide, svg_of, text_columns

_MIN_LETTERS = 4
_MIN_WIDE_LETTERS = 2  # of scripts whose letters are syllables or words
_FONT_SIZE = 8
_LETTER_WIDTH, _LINE_HEIGHT = 4.7, 9.5  # in points, at that size
_SIZE = np.array([800.0, 640.0])  # of the picture, in points
_MARGIN = 40.0
_SPREADING_STEPS = 100
_SEED = 0


def word_map_svg(vectors: WordVectors, words: int = 250) -> str:
    """An SVG picture of the most frequent words, near each other if their vectors are.

    Words that `content_words` leaves out are not shown. The projection is t-SNE of cosine
    distances (van der Maaten and Hinton, 2008); colours are k-means clusters.

    Args:
        vectors: The vectors.
        words: How many words to show at most.

    Returns:
        The picture; empty if there is no word to show.

    Raises:
        MissingExtraError: matplotlib or scikit-learn is not installed.
    """
    rows = content_words(vectors.words)[:words]
    if not rows:
        return ""
    shown = [vectors.words[row] for row in rows]
    unit = np.asarray(vectors.unit[rows])
    # So few points are no work to share: on a busy machine threads wait for each other for minutes.
    with require("threadpoolctl", "reports").threadpool_limits(1):
        colours = [COLOURS[cluster] for cluster in _clusters(unit)]
        places = _project(unit)
    return _draw(shown, _spread(places, shown), colours)


def content_words(words: Sequence[str]) -> list[int]:
    """Places of the words that say something by themselves.

    These are words of letters alone, at least four, since shorter ones are nearly all function
    words; two suffice for East Asian scripts.
    """
    return [row for row, word in enumerate(words) if _is_content_word(word)]


def _is_content_word(word: str) -> bool:
    if len(word) < _MIN_WIDE_LETTERS:
        return False
    if not all(unicodedata.category(letter)[0] in "LM" for letter in word):
        return False
    return len(word) >= _MIN_LETTERS or is_wide(word[0])


def _project(unit: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 2) places of (n, D) unit vectors."""
    if len(unit) < 5 or unit.shape[1] < 3:
        return np.pad(unit[:, :2], ((0, 0), (0, max(0, 2 - unit.shape[1]))))
    tsne = require("sklearn.manifold", "reports").TSNE(
        metric="cosine", init="pca", perplexity=min(15, (len(unit) - 1) // 3), random_state=_SEED
    )
    return np.asarray(tsne.fit_transform(unit))


def _spread(places: NDArray[np.float32], words: list[str]) -> NDArray[np.float64]:
    """Scale (n, 2) places to points of the picture and push overlapping words apart, up or down."""
    low, high = places.min(axis=0), places.max(axis=0)
    spread = (places - low) / np.maximum(high - low, 1e-9) * _SIZE
    width = np.array([_LETTER_WIDTH * (text_columns(word) + 1) for word in words])
    beside = np.abs(spread[:, None, 0] - spread[:, 0]) > (width[:, None] + width) / 2
    np.fill_diagonal(beside, True)
    for _ in range(_SPREADING_STEPS):
        above = spread[:, None, 1] - spread[:, 1]
        overlap = np.where(beside, 0, np.maximum(_LINE_HEIGHT - np.abs(above), 0))
        spread[:, 1] += 0.3 * (np.sign(above) * overlap).sum(axis=1)
    return np.asarray(spread)


def _clusters(unit: NDArray[np.float32]) -> list[int]:
    count = min(len(COLOURS), len(unit))
    means = require("sklearn.cluster", "reports").KMeans(count, n_init=3, random_state=_SEED)
    with warnings.catch_warnings():
        # Equal vectors, as words of one sentence have them, give fewer clusters: fewer colours.
        warnings.filterwarnings("ignore", "Number of distinct clusters")
        labels: list[int] = means.fit_predict(unit).tolist()
    return labels


def _draw(words: list[str], places: NDArray[np.float64], colours: list[str]) -> str:
    figure: Any = require("matplotlib.figure", "reports").Figure(figsize=(_SIZE + 2 * _MARGIN) / 72)
    width, height = _SIZE + _MARGIN
    axes = figure.add_axes((0, 0, 1, 1), xlim=(-_MARGIN, width), ylim=(-_MARGIN, height))
    axes.set_axis_off()
    for word, (x, y), colour in zip(words, places.tolist(), colours, strict=True):
        axes.text(x, y, word, fontsize=_FONT_SIZE, color=colour, ha="center", va="center")
    return svg_of(figure)
