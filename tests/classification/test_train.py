from __future__ import annotations

import json
from pathlib import Path

import fasttext
import pytest

from nlp_engine.classification.classifier import Classifier
from nlp_engine.classification.evaluation import read_examples
from nlp_engine.classification.train import train_classifier
from nlp_engine.corpus.label import label_corpus
from nlp_engine.corpus.labelled import read_labels
from nlp_engine.demo import DemoResult
from nlp_engine.engines import fasttext as engine
from nlp_engine.errors import FormatError, InputError, SettingError
from nlp_engine.manifest import read_manifest
from nlp_engine.progress import silent


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    path = tmp_path / "train.txt"
    fruit = "__label__fruit apples and pears grow on old trees\n"
    metal = "__label__metal iron and copper melt in hot furnaces\n"
    path.write_text((fruit + metal) * 40)
    return path


SMALL = {"vector_dim": 8, "buckets": 1000, "epochs": 10, "learning_rate": 0.5}


def test_the_artifacts(demo: DemoResult) -> None:
    folder = demo.folder / "classifier"
    assert {path.name for path in folder.iterdir()} == {
        "model.bin", "labels.json", "eval.json", "training.json", "manifest.json",
    }  # fmt: skip
    manifest = read_manifest(folder, "classifier")
    parent = read_manifest(demo.folder / "labelled", "labelled corpus")
    assert manifest.parents == {"labelled corpus": parent.id}
    assert manifest.counts["labels"] == 12
    assert manifest.counts["test_examples"] == parent.counts["test"]


def test_accuracies_are_those_that_fasttext_itself_measures(demo: DemoResult) -> None:
    model = fasttext.load_model(str(demo.folder / "classifier" / "model.bin"))
    results = json.loads((demo.folder / "classifier" / "eval.json").read_text())
    for fold in ("train", "validation", "test"):
        count, precision, _ = model.test(str(demo.folder / "labelled" / f"{fold}.txt"))
        assert results[fold]["examples"] == count
        assert results[f"{fold}_accuracy"] == pytest.approx(precision, abs=1e-9)
    assert results["test_accuracy"] == demo.accuracy
    assert demo.accuracy > 0.8  # runs gave 0.89 to 0.93; guessing the largest label gives 0.13


def test_predictions_are_fasttexts_with_the_labels_as_they_were(demo: DemoResult) -> None:
    classifier = Classifier.open(demo.folder / "classifier")
    model = fasttext.load_model(str(demo.folder / "classifier" / "model.bin"))
    labels = read_labels(demo.folder / "labelled")
    texts = read_examples(demo.folder / "labelled" / "test.txt").texts
    words, probabilities = model.predict(texts, k=3)
    for got, its_words, its_probabilities in zip(
        classifier.predict_tokenized(texts, k=3), words, probabilities, strict=True
    ):
        assert [prediction.label for prediction in got] == [labels[word] for word in its_words]
        assert [prediction.probability for prediction in got] == pytest.approx(
            [min(p, 1) for p in its_probabilities], abs=1e-6
        )
    assert any(" " in label for label in labels.values())


def test_texts_are_tokenised_as_the_training_data_was(demo: DemoResult) -> None:
    classifier = Classifier.open(demo.folder / "classifier")
    as_written = "President LINCOLN, the Union's commander-in-chief!\n(1861)"
    tokenised = "president lincoln the union s commander in chief 1861"
    assert classifier.predict([as_written], k=2) == classifier.predict_tokenized([tokenised], k=2)
    assert classifier.predict([as_written])[0][0].label == "Abraham Lincoln"


def test_the_tokenizer_of_the_training_data_and_another_one(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,label\n" + "Fly 747!,plane\nRun 12,foot\n" * 20)
    label_corpus(tmp_path / "rows.csv", tmp_path / "labelled", digits="map", split="100/0/0")
    classifier = train_classifier(tmp_path / "labelled", tmp_path / "classifier", **SMALL)
    opened = Classifier.open(tmp_path / "classifier")
    for model in (classifier, opened):
        assert model.tokenizer().words("Fly 747!") == ["fly", "000"]
        assert model.tokenizer("nltk").words("Fly 747!") == ["fly", "747", "!"]
    assert opened.predict(["FLY 000"]) == opened.predict(["fly 747"])
    other = opened.predict(["Fly 747!"], tokenizer=opened.tokenizer("whitespace"))
    assert other == opened.predict_tokenized(["Fly 747!"])


def test_edges_of_prediction(demo: DemoResult) -> None:
    classifier = Classifier.open(demo.folder / "classifier")
    assert classifier.predict([]) == []
    assert len(classifier.predict(["president"], k=50)[0]) == 12
    assert sum(p.probability for p in classifier.predict(["president"], k=50)[0]) == pytest.approx(
        1, abs=1e-3
    )
    assert classifier.predict(["zzzz"], k=1)[0] == classifier.predict(["zzzz"], k=2)[0][:1]
    assert classifier.predict([""])[0] != []
    every = classifier.predict(["president"], k=12)[0]
    middle = (every[0].probability + every[1].probability) / 2
    assert classifier.predict(["president"], k=12, threshold=middle) == [every[:1]]
    with pytest.raises(SettingError, match="k is 0"):
        classifier.predict(["x"], k=0)


def test_a_model_file_of_others_can_be_opened(examples: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    engine.train_classifier(
        corpus=examples,
        model=tmp_path / "theirs" / "model.bin",
        arguments={"dim": 16, "epoch": 20, "lr": 0.5, "minCount": 1},
        words_to_read=1,
        report=silent,
    )
    classifier = Classifier.open(tmp_path / "theirs" / "model.bin")
    assert classifier.predict(["apples and pears"])[0][0].label == "fruit"


def test_training_in_memory_and_a_validation_file(examples: Path, tmp_path: Path) -> None:
    (tmp_path / "held.txt").write_text("__label__fruit pears\n__label__metal copper\n")
    classifier = train_classifier(examples, validation=tmp_path / "held.txt", **SMALL)
    assert [p[0].label for p in classifier.predict(["pears", "copper"])] == ["fruit", "metal"]
    assert classifier.manifest is not None
    assert classifier.manifest.counts["validation_examples"] == 2


def test_errors_name_the_manifest_that_was_given(tmp_path: Path) -> None:
    manifest = tmp_path / "given.manifest"
    manifest.write_text('{"source": "x y", "label": 1}\n' * 3)
    with pytest.raises(InputError, match=f"^{manifest} has one label"):
        train_classifier(manifest, **SMALL)


def test_what_cannot_be_trained(examples: Path, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("__label__a text\n" * 9)
    with pytest.raises(InputError, match="has one label; a classifier needs two"):
        train_classifier(tmp_path / "one.txt", tmp_path / "out")
    with pytest.raises(InputError, match="does not exist"):
        train_classifier(examples, tmp_path / "out", validation=tmp_path / "none.txt")
    with pytest.raises(SettingError, match="early_stopping is True"):
        train_classifier(examples, tmp_path / "out", early_stopping=True)
    with pytest.raises(SettingError, match="did you mean word_ngrams"):
        train_classifier(examples, tmp_path / "out", word_ngram=2)
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_opened(demo: DemoResult, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="is a fastText skipgram model, no classifier"):
        Classifier.open(demo.folder / "vectors" / "vectors.bin")
    with pytest.raises(FormatError, match="expected the folder .classifier."):
        Classifier.open(demo.folder / "vectors")
    cut = tmp_path / "model.bin"
    cut.write_bytes((demo.folder / "classifier" / "model.bin").read_bytes()[:-100])
    with pytest.raises(FormatError, match="cut short"):
        Classifier.open(cut)
