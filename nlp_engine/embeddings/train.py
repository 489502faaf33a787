"""Training word vectors, with BlazingText's settings and artifacts."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp_engine import files, settings
from nlp_engine.checkpoints import Checkpoints
from nlp_engine.corpus.build import corpus_file
from nlp_engine.corpus.vocabulary import EncodedCorpus, encode_corpus
from nlp_engine.embeddings import distributed, peers, trainer
from nlp_engine.embeddings.artifacts import write_evaluation, write_training, write_vectors
from nlp_engine.embeddings.evaluation import bundled_sets, by_name
from nlp_engine.embeddings.evaluation.sets import read_set
from nlp_engine.embeddings.hyperparameters import Word2VecSettings, with_preset
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.engines.result import TrainedVectors
from nlp_engine.errors import InputError, MissingExtraError
from nlp_engine.files import new_folder
from nlp_engine.formats.stored_vectors import FillRows, pretrained_rows
from nlp_engine.manifest import Manifest, content_key, resume_key, write_manifest
from nlp_engine.progress import Report, silent
from nlp_engine.text.tokenizers import TokenizerSettings

_log = logging.getLogger(__name__)


def train_vectors(
    corpus: Path | str | Sequence[Path | str],
    out: Path | str | None = None,
    *,
    pairs: Sequence[Path | str] | Mapping[str, Path | str] = (),
    checkpoints: Path | str | None = None,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> WordVectors:
    """Train word vectors.

    The folder gets `vectors.txt` (word2vec text, most frequent word first), `vectors.bin` (a
    fastText model) and `eval.json` (if evaluated), as BlazingText's `model.tar.gz` has them, and
    `training.json` (losses, seconds).

    A training by engine `native` that was killed goes on at its last checkpoint when it is called
    again with the same corpus, folder and options. With a folder for checkpoints this holds
    wherever copies of the corpus and of that folder are, and Ctrl-C always saves one.

    Args:
        corpus: A corpus folder, or a file of space-separated words with one sentence per line or
            all in one; or several of these.
        out: The folder to make; None keeps only the returned vectors.
        pairs: Files of word pairs or analogies to evaluate on, perhaps by the names that they have
            in `eval.json`; by default WordSim353, SimLex-999 and Google's analogies for English.
        checkpoints: An existing folder for checkpoints; by default they are kept beside `out`.
        overwrite: Replace an existing folder.
        report: Told of words, loss and learning rate.
        **options: Fields of `Word2VecSettings`; `mode` is required.

    Returns:
        The vectors.

    Raises:
        InputError: The corpus cannot be read or no word reaches `min_count`.
        OutputError: The folder exists or cannot be written.
        SettingError: An option that does not exist or is out of range, or needs too much memory.
        EngineError: The trainer failed.
    """
    chosen = settings.from_mapping(Word2VecSettings, with_preset(options))
    given = [Path(path) for path in ([corpus] if isinstance(corpus, str | Path) else corpus)]
    with distributed.all_ranks() if chosen.distributed else contextlib.nullcontext() as comm:
        if comm and not chosen.threads:
            chosen = dataclasses.replace(chosen, threads=distributed.threads_per_rank(comm))
        if comm and comm.rank:
            return _help(_open_corpora(given), chosen, comm)
        for remark in chosen.remarks():
            _log.warning(remark)
        corpora = _open_corpora(given)
        sets = _evaluation_sets(corpora, chosen, pairs)
        kept = Path(checkpoints) if checkpoints else None
        if out is None:
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch) / "vectors"
                _train(corpora, folder, chosen, sets, kept, overwrite, report, comm)
                return WordVectors.open(folder)  # its mapped file outlives the folder
        _train(corpora, Path(out), chosen, sets, kept, overwrite, report, comm)
        return WordVectors.open(out)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Corpora:
    """The files to train on, and the manifests of the folders they are in."""

    paths: list[Path]
    loose: list[Path]  # those outside of corpus folders
    parents: list[Manifest]

    @property
    def language(self) -> str:
        return self.parents[0].language if self.parents else "en"


def _open_corpora(given: Sequence[Path]) -> _Corpora:
    opened = [corpus_file(path) for path in given]
    if not opened:
        raise InputError("no corpus to train on; name a corpus folder or a file")
    parents = [parent for _, parent in opened if parent]
    tokenizers = [TokenizerSettings.of(parent) for parent in parents]
    for other in tokenizers[1:]:
        if other != tokenizers[0]:
            raise InputError(
                f"the corpora were tokenised differently, by {tokenizers[0]} and {other}; build "
                "them alike, or train on each by itself"
            )
    return _Corpora(
        paths=[path for path, _ in opened],
        loose=[path for path, parent in opened if not parent],
        parents=parents,
    )


def _evaluation_sets(
    corpora: _Corpora,
    chosen: Word2VecSettings,
    pairs: Sequence[Path | str] | Mapping[str, Path | str],
) -> Mapping[str, Path]:
    if not chosen.evaluation:
        return {}
    if isinstance(pairs, Mapping):
        named = {name: Path(path) for name, path in pairs.items()}
    else:
        named = by_name(map(Path, pairs))
    if named:
        for path in named.values():
            read_set(path)  # what is wrong with it is told before hours of training
        return named
    try:
        sets = bundled_sets(corpora.language)
    except MissingExtraError as error:
        _log.warning("not evaluated, as the evaluation sets come with gensim: %s", error)
        return {}
    if not sets:
        _log.warning("no evaluation set for language %s: not evaluated", corpora.language)
    return sets


def _help(corpora: _Corpora, chosen: Word2VecSettings, comm: Any) -> WordVectors:
    """The part of all ranks but the first: they train and write nothing."""
    encoded = encode_corpus(
        corpora.paths, min_count=max(chosen.min_count, 1), threads=chosen.threads
    )
    share = distributed.own_share(encoded, chosen, comm)
    del encoded  # with the ids of all ranks
    trained, _ = distributed.train(share, chosen, pretrained=_pretrained(chosen))
    return WordVectors(trained.words, trained.input_rows)


def _train(
    corpora: _Corpora,
    out: Path,
    chosen: Word2VecSettings,
    sets: Mapping[str, Path],
    kept: Path | None,
    overwrite: bool,
    report: Report,
    comm: Any,
) -> None:
    started = time.monotonic()
    key = None if kept else _resume_key(corpora, chosen, comm)
    with new_folder(out, overwrite=overwrite, resume_key=key) as folder:
        checkpoints = _checkpoints(corpora, chosen, kept, folder, comm)
        encoded = encode_corpus(
            corpora.paths,
            min_count=max(chosen.min_count, 1),
            threads=chosen.threads,
            scratch=folder,
            report=report,
        )
        share = distributed.own_share(encoded, chosen, comm) if comm else None
        encoded = share.corpus if share else encoded
        with _scratch(folder, chosen) as scratch:
            trained, measured = _run_engine(
                encoded, share, chosen, checkpoints, Path(scratch), report
            )
            vectors = write_vectors(folder, trained, chosen, tokens=encoded.tokens)
        write_training(folder, **measured)
        parent = corpora.parents[0] if corpora.parents else None
        if sets:
            vectors.manifest = parent  # its language says how words are lower-cased
            write_evaluation(folder, vectors, sets)
        checkpoints.clear()
        write_manifest(
            folder,
            format="vectors",
            language=corpora.language,
            started=started,
            sources=corpora.loose,
            parents=corpora.parents,
            settings=settings.to_mapping(chosen)
            | (TokenizerSettings.of(parent).for_manifest() if parent else {}),
            counts={
                "words": len(trained.words),
                "tokens": encoded.tokens,
                "training_words": int(encoded.counts.sum()) * chosen.epochs,
            },
        )


def _resume_key(corpora: _Corpora, chosen: Word2VecSettings, comm: Any) -> str | None:
    """What must be the same for an unfinished folder to be of use; None where none is."""
    if chosen.engine != "native":
        return None
    return resume_key(corpora.paths, _threads(chosen, comm), settings.to_mapping(chosen))


def _checkpoints(
    corpora: _Corpora, chosen: Word2VecSettings, kept: Path | None, folder: Path, comm: Any
) -> Checkpoints:
    """Those of a folder for them, or in the one that is being made, which has its own key."""
    if kept is None:
        return Checkpoints(folder=folder, key="", worth_seconds=files.WORTH_KEEPING_SECONDS)
    key = content_key(corpora.paths, _threads(chosen, comm), settings.to_mapping(chosen))
    return Checkpoints(folder=kept, key=key)


def _threads(chosen: Word2VecSettings, comm: Any) -> list[int]:
    """Those of each rank."""
    return [chosen.threads or os.cpu_count() or 1] * (comm.size if comm else 1)


def _scratch(
    folder: Path, chosen: Word2VecSettings
) -> contextlib.AbstractContextManager[Path | str]:
    """Where a peer's matrices lie; ours are in memory, and a kill leaves nothing to clear away."""
    if chosen.engine == "native":
        return contextlib.nullcontext(folder)
    return tempfile.TemporaryDirectory(dir=folder, prefix=".trainer-")


def _run_engine(
    corpus: EncodedCorpus,
    share: distributed.Share | None,
    chosen: Word2VecSettings,
    checkpoints: Checkpoints,
    scratch: Path,
    report: Report,
) -> tuple[TrainedVectors, dict[str, Any]]:
    """The trained matrices, and what `training.json` holds."""
    if chosen.engine == "native":
        how: dict[str, Any] = {
            "checkpoints": checkpoints,
            "report": report,
            "pretrained": _pretrained(chosen),
        }
        if share:
            trained, run = distributed.train(share, chosen, **how)
        else:
            trained, run = trainer.train(corpus, chosen, **how)
        seconds = {"seconds": run.seconds, "cpu_seconds": run.cpu_seconds}
        ranks = {"ranks": share.comm.size} if share else {}
        return trained, {"loss": trained.losses, **seconds, **ranks}
    train = peers.train_with_fasttext if chosen.engine == "fasttext" else peers.train_with_gensim
    trained = train(corpus, chosen, folder=scratch, report=report)
    return trained, {"loss": trained.losses}


def _pretrained(chosen: Word2VecSettings) -> FillRows | None:
    path = chosen.pretrained_vectors
    return pretrained_rows(Path(path), chosen.vector_dim) if path else None
