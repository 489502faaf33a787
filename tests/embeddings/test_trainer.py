"""Training as users meet it: the same bytes again, kills, bad input, other libraries, learning."""

from __future__ import annotations

import contextlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import fasttext
import gensim.models
import numpy as np
import pytest
import spacy

from nlp_engine import files
from nlp_engine.corpus.vocabulary import encode_corpus
from nlp_engine.embeddings import trainer
from nlp_engine.embeddings.train import train_vectors
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import InputError, Interrupted, OutputError, SettingError
from nlp_engine.native import MAX_WORD_BYTES
from nlp_engine.progress import Progress

MODES = [
    ("batch_skipgram", False),
    ("skipgram", False),
    ("cbow", False),
    ("skipgram", True),
    ("cbow", True),
]
ARTIFACTS = {"manifest.json", "training.json", "vectors.bin", "vectors.txt"}
SMALL = {"vector_dim": 20, "min_count": 1, "evaluation": False, "threads": 1,
         "sampling_threshold": 0.5}  # fmt: skip
TOPICS = [[f"{first}{last}" for last in "abcdefghij"] for first in ("sun", "sea")]


def two_topics(sentences: int, topics: list[list[str]] = TOPICS) -> str:
    """Each line has words of one topic, and some that all lines have."""
    random = np.random.default_rng(0)
    lines = []
    for number in range(sentences):
        words = [*random.choice(topics[number % 2], 8), *random.choice(["the", "of", "is"], 2)]
        lines.append(" ".join(random.permutation(words)) + "\n")
    return "".join(lines)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.txt"
    path.write_text(two_topics(400))
    return path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def model_bytes(folder: Path) -> bytes:
    return (folder / "vectors.bin").read_bytes()


# Repeatability, and going on after a kill.


@pytest.mark.parametrize(("mode", "subwords"), MODES)
def test_one_thread_and_a_seed_give_the_same_bytes(
    corpus: Path, tmp_path: Path, mode: str, subwords: bool
) -> None:
    def train(name: str, seed: int, **changed: object) -> bytes:
        options = SMALL | {"subwords": subwords, "buckets": 1000, "seed": seed, **changed}
        train_vectors(corpus, tmp_path / name, mode=mode, **options)
        return model_bytes(tmp_path / name)

    first = train("first", 1)
    assert first == train("again", 1)
    assert first != train("other", 2)
    assert first != train("flat", 1, ns_exponent=0)


LONG = SMALL | {"mode": "skipgram", "vector_dim": 100, "epochs": 800}


def start_training(corpus: Path, out: Path, **options: object) -> subprocess.Popen[bytes]:
    code = (
        "import json, sys; from nlp_engine.embeddings.train import train_vectors\n"
        "corpus, out, options = json.loads(sys.argv[1])\n"
        "train_vectors(corpus, out, overwrite=True, **options)"
    )
    job = json.dumps([str(corpus), str(out), options])
    return subprocess.Popen([sys.executable, "-c", code, job])


def wait_for_checkpoint(training: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 60
    while not list(folder.glob(".*.partial/checkpoint-*/state.json")):
        assert training.poll() is None, "it ended before its first checkpoint was seen"
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_killed_training_goes_on_and_ends_as_if_it_had_not_been(
    corpus: Path, tmp_path: Path
) -> None:
    (tmp_path / "killed").mkdir()
    out = tmp_path / "killed" / "vectors"
    train_vectors(corpus, out, **SMALL, mode="cbow")
    old = model_bytes(out)
    training = start_training(corpus, out, **LONG, checkpoint_minutes=1e-4)
    wait_for_checkpoint(training, out.parent)
    training.kill()
    training.wait()
    assert names(out) == ARTIFACTS and model_bytes(out) == old, "the old model is untouched"
    states = [json.loads(p.read_text()) for p in out.parent.glob(".*.partial/*/state.json")]
    seconds_before = max(state["rest"]["seconds"] for state in states)

    reports: list[Progress] = []
    train_vectors(corpus, out, overwrite=True, report=reports.append, **LONG)
    first = next(report for report in reports if report.stage == "training")
    assert 0 < first.done < first.total
    assert names(out.parent) == {"vectors"}
    assert names(out) == ARTIFACTS
    train_vectors(corpus, tmp_path / "whole", **LONG)
    assert model_bytes(out) == model_bytes(tmp_path / "whole")
    seconds = json.loads((out / "training.json").read_text())["seconds"]
    assert seconds > seconds_before > 0, "what was done before the kill counts"


def test_other_settings_begin_anew(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "vectors"
    training = start_training(corpus, out, **LONG, checkpoint_minutes=1e-4)
    wait_for_checkpoint(training, tmp_path)
    training.kill()
    training.wait()
    reports: list[Progress] = []
    train_vectors(corpus, out, report=reports.append, **LONG | {"epochs": 2})
    first = next(report for report in reports if report.stage == "training")
    assert first.done == 0 or first.done == first.total
    assert names(tmp_path) == {"corpus.txt", "vectors"}


def test_ctrl_c_keeps_what_is_worth_it(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.stage == "training":
            raise KeyboardInterrupt

    out = tmp_path / "out" / "vectors"
    with pytest.raises(KeyboardInterrupt):
        train_vectors(corpus, out, report=interrupt, **LONG)
    assert names(out.parent) == set()
    monkeypatch.setattr(files, "WORTH_KEEPING_SECONDS", 0)
    with pytest.raises(Interrupted, match="run the same command again to go on"):
        train_vectors(corpus, out, report=interrupt, **LONG)
    train_vectors(corpus, out, **LONG)
    assert names(out.parent) == {"vectors"}
    train_vectors(corpus, tmp_path / "whole", **LONG)
    assert model_bytes(out) == model_bytes(tmp_path / "whole")


# Bad input; an old model stays.


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Writing more fails in this process, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("options", [{}, {"checkpoint_minutes": 1e-6, "epochs": 60}])
def test_a_full_disk_leaves_the_old_model(corpus: Path, tmp_path: Path, options: dict) -> None:
    out = tmp_path / "out" / "vectors"
    train_vectors(corpus, out, mode="skipgram", **SMALL)
    old = model_bytes(out)
    big = SMALL | {"vector_dim": 2000, **options}
    # On a machine that is very busy, it is a checkpoint that comes first.
    message = r"cannot write .*vectors(\.\d+\.partial/checkpoint-\d+)?: the"
    with largest_file(100_000), pytest.raises(OutputError, match=message):
        train_vectors(corpus, out, mode="skipgram", overwrite=True, **big)
    assert model_bytes(out) == old
    assert names(out.parent) == {"vectors"} and names(out) == ARTIFACTS


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n\n \t", "has no words"),
        (b"one two three\n", r"no word occurs min_count=5 times \(the most frequent occurs 1"),
        (b"one\x00two" * 99, "is a binary file"),
        (b"\x1f\x8b\x08" + bytes(99), "compressed with gzip"),
        (b"one two \xff\n" * 9, "is not UTF-8"),
        (b"x" * (MAX_WORD_BYTES + 1), "without a space"),
    ],
)
def test_what_is_no_corpus(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "corpus").write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        train_vectors(tmp_path / "corpus", tmp_path / "out", mode="cbow", evaluation=False)
    assert str(tmp_path / "corpus") in str(error.value)
    assert names(tmp_path) == {"corpus"}


def test_a_line_of_30_megabytes(tmp_path: Path) -> None:
    line = two_topics(100).replace("\n", " ")
    path = tmp_path / "corpus.txt"
    path.write_text(line * (30_000_000 // len(line)))
    options = SMALL | {"epochs": 1, "vector_dim": 4, "sampling_threshold": 1e-5}
    vectors = train_vectors(path, mode="batch_skipgram", **options)
    assert len(vectors) == 23
    assert np.isfinite(vectors.matrix).all() and vectors.matrix.any(axis=1).all()


def test_too_little_memory_is_said_before_training(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "available_memory", lambda: 1_000_000)
    with pytest.raises(SettingError) as error:
        train_vectors(corpus, tmp_path / "out", mode="cbow", **SMALL | {"vector_dim": 2048 * 4})
    assert "largest allowed value" in str(error.value)
    (tmp_path / "many").write_text(" ".join(f"w{number}" for number in range(1000)))
    with pytest.raises(SettingError) as error:
        train_vectors(
            tmp_path / "many", tmp_path / "out", mode="cbow", **SMALL | {"vector_dim": 2048}
        )
    message = str(error.value)
    assert "vector_dim is 2048; with 1,000 words the matrices need 0.0 GB" in message
    assert "lower vector_dim or raise min_count" in message
    assert not (tmp_path / "out").exists()


def test_several_files_are_as_one(tmp_path: Path) -> None:
    lines = two_topics(90).splitlines(keepends=True)
    parts = [tmp_path / f"part{number}" for number in range(3)]
    for number, part in enumerate(parts):
        part.write_text("".join(lines[30 * number : 30 * number + 30]).removesuffix("\n"))
    (tmp_path / "whole").write_text("".join(lines))
    train_vectors(parts, tmp_path / "several", mode="skipgram", **SMALL)
    train_vectors(tmp_path / "whole", tmp_path / "one", mode="skipgram", **SMALL)
    assert model_bytes(tmp_path / "several") == model_bytes(tmp_path / "one")


def test_training_starts_from_pretrained_vectors(corpus: Path, tmp_path: Path) -> None:
    given = WordVectors(["seaa", "unheard", "sunb"], np.eye(3, 20, dtype=np.float32))
    given.save(tmp_path / "given.txt")
    hardly = SMALL | {"learning_rate": 1e-9, "pretrained_vectors": str(tmp_path / "given.txt")}
    trained = train_vectors(corpus, mode="skipgram", **hardly)
    assert "unheard" not in trained
    for word in ("seaa", "sunb"):
        assert np.allclose(trained[word], given[word], atol=1e-6)
    assert 0 < np.abs(trained["the"]).max() <= 1 / 20
    with pytest.raises(InputError, match="vectors of 20 dimensions.* set vector_dim to 20"):
        train_vectors(corpus, mode="skipgram", **hardly | {"vector_dim": 8})
    WordVectors(["none", "known"], np.eye(2, 20, dtype=np.float32)).save(tmp_path / "other.txt")
    with pytest.raises(InputError, match="has none of the corpus' 23 words"):
        others = {"pretrained_vectors": str(tmp_path / "other.txt")}
        train_vectors(corpus, mode="skipgram", **hardly | others)


# What other libraries read.

UNSEEN = ["seaside", "sunny", "größe", "x"]


@pytest.mark.parametrize("engine", ["native", "fasttext", "gensim"])
@pytest.mark.parametrize(
    ("mode", "subwords"), [("batch_skipgram", False), ("cbow", False), ("skipgram", True)]
)
def test_every_library_reads_the_same_vectors(
    corpus: Path, tmp_path: Path, engine: str, mode: str, subwords: bool
) -> None:
    out = tmp_path / "vectors"
    options = SMALL | {"engine": engine, "subwords": subwords, "buckets": 2000, "min_count": 3}
    vectors = train_vectors(corpus, out, mode=mode, **options)
    encoded = encode_corpus(corpus, min_count=3)
    assert names(out) == ARTIFACTS
    assert vectors.words == encoded.words

    library = fasttext.load_model(str(out / "vectors.bin"))
    words, counts = library.get_words(include_freq=True)
    assert words == vectors.words
    assert counts.tolist() == encoded.counts.tolist() == sorted(counts, reverse=True)
    for word in [*words, *(UNSEEN if subwords else [])]:
        assert np.allclose(library.get_word_vector(word), vectors[word], rtol=0, atol=1e-6)
    theirs = library.get_nearest_neighbors("seaa", k=3)
    assert [word for _, word in theirs] == [word for word, _ in vectors.most_similar("seaa", 3)]

    text = gensim.models.KeyedVectors.load_word2vec_format(str(out / "vectors.txt"))
    facebook = gensim.models.fasttext.load_facebook_vectors(str(out / "vectors.bin"))
    for keyed in (text, facebook):
        assert keyed.index_to_key == words
        assert np.allclose(keyed.vectors, vectors.matrix, rtol=0, atol=1e-6)
    nlp = vectors.to_spacy(spacy.blank("en"))
    assert np.array_equal(nlp("the seaa")[1].vector, vectors["seaa"])
    back = WordVectors.from_spacy(nlp)
    assert back.words == words
    assert np.array_equal(back.matrix, vectors.matrix)


# Learning.


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("mode", "subwords"), MODES)
def test_words_of_a_topic_come_together(
    tmp_path: Path, mode: str, subwords: bool, threads: int
) -> None:
    # With a few dozen words, two threads would write the same rows all the time.
    topics = [[f"{word}{last}" for word in topic for last in "vwxyz"] for topic in TOPICS]
    path = tmp_path / "corpus.txt"
    path.write_text(two_topics(2000, topics))
    options = SMALL | {"sampling_threshold": 0.05, "subwords": subwords}
    vectors = train_vectors(path, mode=mode, **options | {"threads": threads, "epochs": 10})
    unit = np.array([vectors.unit[vectors.words.index(w)] for topic in topics for w in topic])
    cosines = unit @ unit.T
    same = np.kron(np.eye(2), np.ones((50, 50))).astype(bool)
    others = ~np.eye(100, dtype=bool)
    assert cosines[same & others].mean() > cosines[~same].mean() + 0.2
