from __future__ import annotations

import json
from pathlib import Path

import fasttext
import gensim.models
import numpy as np
import pytest

from nlp_engine.corpus.vocabulary import encode_corpus
from nlp_engine.demo import DemoResult
from nlp_engine.embeddings.train import train_vectors
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import InputError, OutputError, SettingError
from nlp_engine.manifest import read_manifest


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.txt"
    path.write_text("the cat sat on the mat\nthe dog sat on the log\n" * 50)
    return path


def test_the_artifacts_are_blazingtexts_and_agree(demo: DemoResult) -> None:
    folder = demo.folder / "vectors"
    assert {path.name for path in folder.iterdir()} == {
        "vectors.txt", "vectors.bin", "eval.json", "training.json", "manifest.json",
    }  # fmt: skip
    text = gensim.models.KeyedVectors.load_word2vec_format(str(folder / "vectors.txt"))
    library = fasttext.load_model(str(folder / "vectors.bin"))
    assert text.index_to_key == library.get_words()
    for word in ("the", "president", "apollo"):
        assert np.allclose(text[word], library.get_word_vector(word), rtol=1e-5, atol=1e-6)
    counts = library.get_words(include_freq=True)[1]
    assert (np.diff(counts) <= 0).all(), "most frequent word first"


def test_word_similarity_of_the_real_sample(demo: DemoResult) -> None:
    results = json.loads((demo.folder / "vectors" / "eval.json").read_text())
    gensims = gensim.models.KeyedVectors.load_word2vec_format(
        str(demo.folder / "vectors" / "vectors.txt")
    ).evaluate_word_pairs(
        gensim.test.utils.datapath("wordsim353.tsv"), case_insensitive=True, restrict_vocab=10**6
    )
    result = results["EN-WS-353-ALL.txt"]
    assert result["spearmans_rho"] == pytest.approx(gensims[1].statistic, abs=1e-3)
    assert result["total_pairs"] == 353
    assert results["mean_rho"] == result["spearmans_rho"] == demo.mean_rho
    assert demo.mean_rho > 0.35  # runs gave 0.43 to 0.53; untrained vectors give about 0


def test_the_vocabulary_is_that_of_our_own_count(demo: DemoResult) -> None:
    vectors = WordVectors.open(demo.folder / "vectors")
    corpus = encode_corpus(demo.folder / "corpus" / "sentences.txt", min_count=3)
    assert set(vectors.words) - {"</s>"} == set(corpus.words)


def test_the_manifest_tells_settings_and_parents(demo: DemoResult) -> None:
    manifest = read_manifest(demo.folder / "vectors", "vectors")
    parent = read_manifest(demo.folder / "corpus", "corpus")
    assert manifest.parents == {"corpus": parent.id}
    assert manifest.settings["vector_dim"] == 100
    assert manifest.settings["tokenizer"] == {"name": "fast", "language": "en", "digits": "keep"}
    assert manifest.counts["tokens"] == parent.counts["tokens"]


@pytest.mark.parametrize("mode", ["batch_skipgram", "skipgram", "cbow"])
def test_every_mode(corpus: Path, mode: str) -> None:
    vectors = train_vectors(corpus, mode=mode, vector_dim=8, epochs=2, evaluation=False)
    assert vectors.matrix.shape == (7, 8)
    assert np.isfinite(vectors.matrix).all()


def test_subwords_give_the_librarys_vectors(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    vectors = train_vectors(
        corpus, out, mode="skipgram", subwords=True, buckets=1000, vector_dim=8, evaluation=False
    )
    library = fasttext.load_model(str(out / "vectors.bin"))
    assert np.allclose(vectors["cat"], library.get_word_vector("cat"), rtol=1e-5, atol=1e-6)
    assert np.abs(library.get_word_vector("catlike")).sum() > 0


def test_ones_own_pairs(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "pairs.txt").write_text("cat dog 9\ncat on 1\nmat log 8\n")
    train_vectors(corpus, tmp_path / "out", mode="cbow", pairs=[tmp_path / "pairs.txt"])
    results = json.loads((tmp_path / "out" / "eval.json").read_text())
    assert list(results) == ["mean_rho", "pairs.txt"]


def test_bad_input_and_settings(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="mode is required"):
        train_vectors(corpus)
    with pytest.raises(InputError, match="no word occurs min_count=500 times"):
        train_vectors(corpus, tmp_path / "out", mode="cbow", min_count=500, evaluation=False)
    with pytest.raises(InputError, match="does not exist"):
        train_vectors(tmp_path / "none.txt", mode="cbow")
    (tmp_path / "taken").mkdir()
    with pytest.raises(OutputError, match="exists"):
        train_vectors(corpus, tmp_path / "taken", mode="cbow")
    assert not (tmp_path / "out").exists()
