"""What may stand for MODEL: folders, model files, and archives of either."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from nlp_engine.classification.classifier import Classifier
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import FormatError, InputError
from nlp_engine.formats import fasttext
from nlp_engine.manifest import FILE_NAME, read_manifest
from nlp_engine.sagemaker.endpoint.answers import Answers, Labels, Links, Scores, Vectors
from nlp_engine.sagemaker.endpoint.archives import is_archive, unpack

_FORMATS = ("vectors", "classifier", "knowledge base", "factorization machine")
_NAMED = ("model.bin", "model.ftz", "vectors.bin", "vectors.txt")
_ENDINGS = (".bin", ".ftz", ".tar.gz", ".tgz")


def open_model(path: Path, *, threads: int = 1) -> Answers | Scores:
    """Open whatever answers requests.

    Args:
        path: A folder of vectors, a classifier, a knowledge base or a Factorization Machine; a
            folder with `model.bin`, `model.ftz`, `vectors.bin`, `vectors.txt`, or one other `.bin`,
            `.ftz` or archive; such a file itself; or a tar archive of such a folder.
        threads: Threads for a request of many texts.

    Raises:
        InputError: There is no such folder or file.
        FormatError: One of another kind.
    """
    if not path.exists():
        raise InputError(f"{path} does not exist; check the path")
    return _open(path, threads, packed=False)


def open_links(folder: Path) -> Links:
    """Open a knowledge base.

    Raises:
        InputError: There is no such folder.
        FormatError: One of another kind.
    """
    # Imported here: it brings the libraries that build knowledge bases, which models do not need.
    from nlp_engine.entities.knowledge_base import KnowledgeBase
    from nlp_engine.entities.ranking import EntityRanker

    return Links(EntityRanker(KnowledgeBase.open(folder)))


def open_scores(folder: Path) -> Scores:
    """Open a Factorization Machine.

    Raises:
        InputError: There is no such folder.
        FormatError: One of another kind.
    """
    # Imported here: other models do not need what it brings.
    from nlp_engine.personalize.factorization.answers import answer
    from nlp_engine.personalize.factorization.machine import FactorizationMachine

    return Scores(functools.partial(answer, FactorizationMachine.open(folder)))


def _open(path: Path, threads: int, *, packed: bool) -> Answers | Scores:
    """Open a folder or file; `packed`: one that was in an archive."""
    if path.is_dir():
        return _open_folder(path, threads, packed=packed)
    if not path.is_file():
        raise InputError(f"{path} is neither a file nor a folder; a model is read several times")
    with path.open("rb") as file:
        is_fasttext = fasttext.is_model(file.read(4))
    if is_fasttext:
        if fasttext.read_model(path).model == "supervised":
            return Labels(Classifier.open(path, threads=threads))
    elif is_archive(path):
        if packed:
            raise FormatError(f"{path} is an archive within one; pack the model's own files")
        return _open_archive(path, threads)
    return Vectors(WordVectors.open(path))


def _open_folder(folder: Path, threads: int, *, packed: bool) -> Answers | Scores:
    if (folder / FILE_NAME).exists():
        format = read_manifest(folder, *_FORMATS).format
        if format == "classifier":
            return Labels(Classifier.open(folder, threads=threads))
        if format == "factorization machine":
            return open_scores(folder)
        return Vectors(WordVectors.open(folder)) if format == "vectors" else open_links(folder)
    return _open(_model_file(folder), threads, packed=packed)


def _model_file(folder: Path) -> Path:
    for name in _NAMED:
        if (folder / name).is_file():
            return folder / name
    seen = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    found = [path for path in seen if path.name.endswith(_ENDINGS)]
    if not found:  # archives may hold one folder with all
        found = [path for path in seen if path.is_dir()]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(path.name for path in found)
        raise FormatError(f"{folder} has {names}; leave one, or name one model.bin")
    raise FormatError(
        f"{folder} holds no model; expected a folder of this package, {', '.join(_NAMED)}, "
        "or one other .bin, .ftz or .tar.gz file"
    )


def _open_archive(archive: Path, threads: int) -> Answers | Scores:
    # Models stay mapped when the files have lost their names: nothing is left behind, however the
    # process ends.
    with tempfile.TemporaryDirectory(prefix="nlp_engine_") as folder:
        unpack(archive, Path(folder))
        try:
            return _open_folder(Path(folder), threads, packed=True)
        except InputError as error:  # by the archive's name: the folder will be gone
            shown = str(error).replace(f"{folder}/", "").replace(folder, "it")
            raise FormatError(f"{archive}: {shown}") from error
