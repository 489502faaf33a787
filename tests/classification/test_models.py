"""Models of the fastText library here, and ours there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fasttext
import numpy as np
import pytest

from nlp_engine.classification.classifier import Classifier
from nlp_engine.classification.train import train_classifier
from nlp_engine.errors import FormatError
from tests.fasttext_library import train_with_library

TOPICS = {
    "fruit": "apple pear plum cherry grape fig quince sweet ripe tree orchard",
    "metal": "iron copper zinc lead gold tin nickel melt furnace ore alloy",
    "water": "river lake sea wave rain tide brook deep cold fish boat",
    "music": "song drum flute chord tune choir violin loud quiet dance opera",
    "größe": "größer höchst länge breite weit klein übel ähnlich öfter äußerst maß",
}
TEXTS = [
    "apple iron river", "", "unknown words only", "violin violin apple\tgrape", "größer é 日本",
    "__label__fruit lead", "__label__none tune", "a " * 300 + "zinc",
]  # fmt: skip


def make_examples(path: Path, count: int, seed: int, most_labels: int = 1) -> Path:
    """Lines of words of their topics, in random order."""
    random = np.random.default_rng(seed)
    names = list(TOPICS)
    lines = []
    for _ in range(count):
        topics = random.choice(names, random.integers(1, most_labels + 1), replace=False)
        words = [word for topic in topics for word in random.choice(TOPICS[topic].split(), 6)]
        labels = [f"__label__{topic}" for topic in topics]
        lines.append(" ".join([*labels, *random.permutation(words)]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_examples(tmp_path_factory.mktemp("examples") / "train.txt", 1000, 1)


def check_equal(path: Path, library: Any, texts: list[str] = TEXTS) -> None:
    """The same labels and probabilities for every text, one by one and at once."""
    classifier = Classifier.open(path)
    for k, threshold in ((1, 0.0), (3, 0.0), (-1, 0.0), (5, 0.3)):
        mine = classifier.predict_tokenized(texts, k if k > 0 else 10_000, threshold)
        assert mine == [
            classifier.predict_tokenized([text], k if k > 0 else 10_000, threshold)[0]
            for text in texts
        ]
        for text, predictions in zip(texts, mine, strict=True):
            labels, probabilities = library.predict(text, k=k, threshold=threshold)
            expected = dict(zip(labels, np.minimum(probabilities, 1), strict=True))
            found = {f"__label__{p.label}": p.probability for p in predictions}
            assert found.keys() == expected.keys()
            assert list(found.values()) == sorted(found.values(), reverse=True)
            for label, probability in found.items():
                assert probability == pytest.approx(expected[label], abs=1e-5)


@pytest.mark.parametrize("loss", ["softmax", "hs", "ova", "ns"])
@pytest.mark.parametrize(
    "arguments",
    [
        {"wordNgrams": 1},
        {"wordNgrams": 3, "bucket": 5000},
        {"wordNgrams": 2, "minn": 2, "maxn": 4, "bucket": 3000, "minCount": 30},
    ],
    ids=["words", "3-grams", "sub-words"],
)
def test_fasttexts_models_predict_the_same_here(
    examples: Path, tmp_path: Path, loss: str, arguments: dict[str, Any]
) -> None:
    path = tmp_path / "model.bin"
    library = train_with_library(
        "supervised", path, input=str(examples), loss=loss, dim=11, epoch=3, lr=0.5, thread=1,
        **arguments,
    )  # fmt: skip
    check_equal(path, library)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"qnorm": True},
        {"cutoff": 300},
        {"cutoff": 300, "qnorm": True, "dsub": 3},
        {"qout": True, "cutoff": 500},
    ],
    ids=str,
)
@pytest.mark.parametrize("loss", ["softmax", "hs", "ova"])
def test_fasttexts_quantised_models_predict_the_same_here(
    examples: Path, tmp_path: Path, loss: str, arguments: dict[str, Any]
) -> None:
    # Product quantisation needs 256 rows, for each kind of output too.
    many = tmp_path / "many.txt"
    lines = examples.read_text().splitlines()
    many.write_text("".join(f"__label__{i % 300} {line}\n" for i, line in enumerate(lines)))
    train_with_library(
        "supervised", tmp_path / "model.bin", input=str(many), loss=loss, dim=8, epoch=3, lr=0.5,
        wordNgrams=2, bucket=2000, minn=2, maxn=3, thread=1,
    )  # fmt: skip
    library = fasttext.load_model(str(tmp_path / "model.bin"))
    library.quantize(**arguments)
    library.save_model(str(tmp_path / "model.ftz"))
    library = fasttext.load_model(str(tmp_path / "model.ftz"))
    check_equal(tmp_path / "model.ftz", library)


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "softmax"},
        {"loss": "ova"},
        {"loss": "softmax", "word_ngrams": 1},
        {"loss": "ova", "word_ngrams": 1, "subwords": True, "min_char": 2, "max_char": 5},
        {"loss": "softmax", "word_ngrams": 3, "subwords": True, "min_count": 100},
        {"loss": "softmax", "vector_dim": 1},
        {"loss": "softmax", "min_count": 1001},
    ],
    ids=str,
)
def test_our_models_predict_the_same_in_fasttext(
    examples: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    settings = {"vector_dim": 20, "buckets": 4000, "epochs": 3, "learning_rate": 0.3, **options}
    train_classifier(examples, tmp_path / "made", **settings)
    path = tmp_path / "made" / "model.bin"
    library = fasttext.load_model(str(path))
    check_equal(path, library)
    assert library.labels == [f"__label__{label}" for label in Classifier.open(path).label_names]
    assert library.get_dimension() == settings["vector_dim"]
    count, precision, _ = library.test(str(examples))
    assert count == 1000
    assert precision > 0.5 or options.get("min_count", 0) > 1000 or settings["vector_dim"] == 1


def test_no_file_of_other_kinds_is_taken_for_a_classifier(tmp_path: Path, examples: Path) -> None:
    train_with_library(
        "unsupervised", tmp_path / "vectors.bin", input=str(examples), dim=4, epoch=1, bucket=100
    )
    with pytest.raises(FormatError, match="is a fastText skipgram model, no classifier"):
        Classifier.open(tmp_path / "vectors.bin")
    with pytest.raises(FormatError, match="is no fastText model file"):
        Classifier.open(examples)


@pytest.mark.parametrize("quantised", [False, True])
def test_a_model_file_that_is_cut_short_is_refused(
    examples: Path, tmp_path: Path, quantised: bool
) -> None:
    path = tmp_path / "model"
    library = train_with_library(
        "supervised", path, input=str(examples), dim=8, epoch=1, wordNgrams=2, bucket=500
    )
    if quantised:
        library.quantize(qnorm=True, cutoff=300)
        library.save_model(str(path))
    content = path.read_bytes()
    random = np.random.default_rng(1)
    for size in [*random.integers(60, len(content), 60).tolist(), len(content) - 1]:
        path.write_bytes(content[:size])
        with pytest.raises(FormatError, match="cut short or damaged"):
            Classifier.open(path)
