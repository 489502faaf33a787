from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import fasttext
import numpy as np
import pytest

from nlp_engine.corpus.vocabulary import encode_corpus
from nlp_engine.engines import fasttext as engine
from nlp_engine.engines import process
from nlp_engine.engines.result import TrainedVectors
from nlp_engine.errors import EngineError
from nlp_engine.progress import Progress, Report, silent
from tests.fasttext_library import train_with_library
from tests.processes import children

# With one thread fastText reports no progress.
ARGUMENTS = {"dim": 4, "epoch": 2, "minCount": 1, "maxn": 0, "thread": 2}


def write_corpus(path: Path, lines: int = 200) -> Path:
    path.write_text("the cat sat on the mat\n" * lines)
    return path


@pytest.fixture
def slow_corpus(tmp_path: Path) -> Path:
    """Enough words that an epoch takes a while."""
    words = [f"word{number}" for number in range(2000)]
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(" ".join(words[i:] + words[:i]) for i in range(0, 2000, 20)))
    return path


def train(corpus: Path, report: Report = silent, **arguments: object) -> TrainedVectors:
    folder = corpus.parent / "scratch"
    folder.mkdir()
    return engine.train_vectors(
        encode_corpus(corpus), arguments=ARGUMENTS | arguments, folder=folder, report=report
    )


def test_a_classifiers_model(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("__label__yes the cat\n__label__no the mat\n" * 9)
    model = engine.train_classifier(
        corpus=tmp_path / "corpus.txt",
        model=tmp_path / "model.bin",
        arguments={"dim": 4, "epoch": 1, "thread": 1},
        words_to_read=54,
        report=silent,
    )
    assert set(model.words) == {"</s>", "the", "cat", "mat"}
    library = fasttext.load_model(str(tmp_path / "model.bin"))
    assert set(library.get_labels()) == {"__label__yes", "__label__no"}


@pytest.mark.parametrize("subwords", [False, True])
def test_matrices_are_those_of_the_librarys_model(tmp_path: Path, subwords: bool) -> None:
    # One thread: both runs train the same numbers.
    path = tmp_path / "corpus.txt"
    path.write_text("the cat sat on the mat\n__label__x sat rarely\n" * 50)
    arguments = ARGUMENTS | {"thread": 1, "bucket": 100, "minCount": 50, "label": " "}
    arguments |= {"minn": 3, "maxn": 4 if subwords else 0}
    library = train_with_library(
        "unsupervised", tmp_path / "model.bin", input=str(path), **arguments
    )
    (tmp_path / "scratch").mkdir()
    corpus = encode_corpus(path, min_count=50)
    result = engine.train_vectors(
        corpus, arguments=arguments, folder=tmp_path / "scratch", report=silent
    )
    assert result.words == corpus.words
    assert {"__label__x", "rarely"} < set(result.words)
    assert result.counts.tolist() == corpus.counts.tolist()
    ids = [library.get_word_id(word) for word in result.words]
    assert np.array_equal(result.output_rows, library.get_output_matrix()[ids])
    if not subwords:
        assert result.bucket_rows is None
        expected = np.stack([library.get_word_vector(word) for word in result.words])
        assert np.array_equal(result.input_rows, expected)
        return
    assert result.bucket_rows is not None and result.bucket_ids is not None
    assert result.bucket_ids.tolist() == list(range(100))
    for row, word in enumerate(result.words):
        _, indices = library.get_subwords(word)
        ngrams = result.bucket_rows[indices[1:] - len(library.get_words())]
        mean = (result.input_rows[row] + ngrams.sum(axis=0)) / len(indices)
        assert np.allclose(mean, library.get_word_vector(word), atol=1e-6)


def test_the_seed_reaches_the_library(tmp_path: Path) -> None:
    corpus = encode_corpus(write_corpus(tmp_path / "corpus.txt"))

    def rows(folder: str, seed: int) -> np.ndarray:
        (tmp_path / folder).mkdir()
        arguments = ARGUMENTS | {"thread": 1, "seed": seed}
        result = engine.train_vectors(
            corpus, arguments=arguments, folder=tmp_path / folder, report=silent
        )
        return result.input_rows

    first = rows("first", 3)
    assert np.array_equal(first, rows("again", 3))
    assert not np.array_equal(first, rows("other", 4))


def test_losses_are_kept(slow_corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    corpus = encode_corpus([slow_corpus, slow_corpus])
    result = engine.train_vectors(
        corpus, arguments=ARGUMENTS, folder=tmp_path / "scratch", report=silent
    )
    words = [done for done, _, _ in result.losses]
    assert words == sorted(set(words))
    assert words[-1] == 2 * corpus.tokens
    assert all(0 < loss < 100 and 0 <= rate <= 0.05 for _, loss, rate in result.losses)


def test_progress_has_words_loss_and_learning_rate(slow_corpus: Path) -> None:
    reports: list[Progress] = []
    train(slow_corpus, reports.append, epoch=1)
    done = [report.done for report in reports]
    assert done == sorted(done)
    assert done[-1] == 100 * 2000
    assert reports[-1].unit == "words"
    assert "loss " in reports[-1].detail and "learning rate 0.0" in reports[-1].detail


def test_a_failure_carries_fasttexts_words(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus.txt", 1)
    with pytest.raises(EngineError) as error:
        train(corpus, minCount=5)
    assert "Empty vocabulary" in str(error.value)
    assert str(corpus) in str(error.value)


def test_a_killed_trainer_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/sh")
    corpus = write_corpus(tmp_path / "corpus.txt")

    class Killed(subprocess.Popen[bytes]):
        def __init__(self, command: list[str], **options: object) -> None:
            super().__init__(["sh", "-c", "kill -9 $$"], **options)  # type: ignore[call-overload]

    monkeypatch.setattr(process.subprocess, "Popen", Killed)
    with pytest.raises(EngineError, match="is there enough memory"):
        train(corpus)


def workers_of(process: int) -> list[Path]:
    """The folders in `/proc` of the workers that a process has."""
    folders = [Path("/proc", str(child)) for child in children(process)]
    return [folder for folder in folders if at_work(folder)]


def at_work(folder: Path) -> bool:
    try:
        return b"fasttext_worker" in (folder / "cmdline").read_bytes()
    except OSError:  # it has ended
        return False


def test_an_interrupted_parent_leaves_no_worker(slow_corpus: Path) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.done:
            assert workers_of(os.getpid())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(slow_corpus, interrupt, epoch=1000)
    assert not workers_of(os.getpid())


def test_a_killed_parent_leaves_no_worker(slow_corpus: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from nlp_engine.engines import fasttext\n"
        "from nlp_engine.corpus.vocabulary import encode_corpus\n"
        "def report(progress):\n"
        "    if progress.done: print('running', flush=True)\n"
        "path = Path(sys.argv[1])\n"
        "fasttext.train_vectors(encode_corpus(path), folder=path.parent, report=report,"
        " arguments={'epoch': 1000, 'thread': 2, 'maxn': 0})"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, slow_corpus], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    parent.stdout.readline()
    (worker,) = workers_of(parent.pid)
    parent.kill()
    parent.communicate(timeout=60)  # the worker has its standard output, too
    deadline = time.monotonic() + 10
    while at_work(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not at_work(worker)


def test_small_models_never_meet_nan(tmp_path: Path) -> None:
    # Without zeroed memory about half of such runs fail with "Encountered NaN".
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("__label__a x y\n__label__b z w\n")
    for _ in range(5):
        engine.train_classifier(
            corpus=corpus,
            model=tmp_path / "model.bin",
            arguments={"dim": 2, "epoch": 1, "minCount": 1, "thread": 1},
            words_to_read=1,
            report=silent,
        )
