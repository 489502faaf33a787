"""Corpus recipes: TOML files that say what a corpus is made from and how."""

from __future__ import annotations

import difflib
import importlib.resources
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp_engine import settings
from nlp_engine.corpus.build import build_corpus
from nlp_engine.corpus.download import cached
from nlp_engine.corpus.gather import one_source
from nlp_engine.corpus.remote import list_files
from nlp_engine.corpus.settings import CorpusSettings
from nlp_engine.errors import InputError, SettingError, require_file
from nlp_engine.files import check_input_file, read_toml
from nlp_engine.manifest import Manifest
from nlp_engine.progress import Report, silent

_GENSIM = "gensim:"
_REMOTE = ("https://", "http://")
# The other keys are fields of `CorpusSettings`.
_OWN_KEYS = ("name", "source", "checksums", "licence", "attribution")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One corpus recipe.

    Attributes:
        name: What the corpus is called.
        source: A path relative to the recipe; or `gensim:FILE` for a file in gensim's wheel; or
            an `https://` address, with a pattern such as `part1-*.bz2` as its last part or not.
        checksums: Address of the list of the server's files with their checksums.
        licence: Licence of the text.
        attribution: Whom to name as its source.
        options: Fields of `CorpusSettings`.
        folder: Where relative sources are looked up.
    """

    name: str
    source: str
    checksums: str | None = None
    licence: str = ""
    attribution: str = ""
    options: dict[str, Any]
    folder: Path

    @property
    def size(self) -> str:
        """How much text is taken: `100 MB`, or `all`."""
        limit = self.options.get("max_bytes")
        return f"{settings.byte_size('max_bytes', str(limit)) / 1e6:,.0f} MB" if limit else "all"

    def source_paths(self, report: Report = silent) -> list[Path]:
        """The files of the source; those of a server are downloaded unless the cache has them.

        Raises:
            MissingExtraError: The source is in gensim's wheel, which is not installed.
            InputError: There is no such file, or the server does not give it.
            OutputError: The download cannot be written.
        """
        if self.source.startswith(_REMOTE):
            files = list_files(self.source, self.checksums)
            return [cached(file, report=report) for file in files]
        if not self.source.startswith(_GENSIM):
            return [self.folder / self.source]
        file = self.source.removeprefix(_GENSIM)
        return [check_input_file(require_file("gensim", f"test/test_data/{file}", "gensim"))]

    def source_path(self, report: Report = silent) -> Path:
        """The path of a source that is one file; raises as `source_paths` does."""
        path, *others = self.source_paths(report)
        if others:
            raise InputError(f"recipe {self.name}: {self.source} means {1 + len(others)} files")
        return path


def build_recipe(
    recipe: Recipe,
    out: Path | str,
    *,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> Manifest:
    """Make the corpus of a recipe.

    Args:
        recipe: The recipe.
        out: The folder to make.
        overwrite: Replace an existing folder.
        report: Told how far the download and the reading are.
        **options: Fields of `CorpusSettings`; they go before the recipe's.

    Returns:
        The folder's manifest; it names the licence and the attribution of the text.

    Raises:
        InputError: The source cannot be had or read, or holds no words.
        OutputError: The folder exists or cannot be written.
        SettingError: An option that does not exist or is out of range.
    """
    chosen = recipe.options | options
    settings.from_mapping(CorpusSettings, chosen)  # a mistake shows before the download
    with one_source(recipe.source_paths(report)) as source:
        return build_corpus(
            source,
            out,
            overwrite=overwrite,
            report=report,
            licence=recipe.licence,
            attribution=recipe.attribution,
            **chosen,
        )


def find_recipe(source: Path) -> Recipe | None:
    """The recipe that `source` names: by its path, or by its name if it comes with the package.

    Returns:
        The recipe; None if `source` is a path of documents.

    Raises:
        InputError: A name that is neither a path nor a recipe's.
        SettingError: The recipe is wrong.
    """
    if source.suffix == ".toml":
        return read_recipe(source)
    if source.exists() or len(source.parts) != 1 or source.suffix or str(source) == "-":
        return None
    names = recipe_names()
    if source.name in names:
        return bundled_recipe(source.name)
    nearest = difflib.get_close_matches(source.name, names, n=1)
    hint = f"; did you mean {nearest[0]}?" if nearest else ""
    raise InputError(
        f"{source} is neither a path nor a recipe{hint} (`nlp-engine corpus recipes` lists them)"
    )


def read_recipe(path: Path) -> Recipe:
    """Read a recipe file.

    Raises:
        InputError: Missing or no TOML.
        SettingError: A key is missing, unknown, of another type, or out of range.
    """
    content = read_toml(path)
    own = {key: content.pop(key) for key in _OWN_KEYS if key in content}
    for key in ("name", "source"):
        if key not in own:
            raise SettingError(f"{path}: the recipe needs a text {key!r}")
    for key, value in own.items():
        if not isinstance(value, str):
            raise SettingError(f"{path}: {key} is {value!r}; it must be a text")
    try:
        settings.from_mapping(CorpusSettings, content)
    except SettingError as error:
        raise SettingError(f"{path}: {error}") from error
    return Recipe(**own, options=content, folder=path.parent)


def bundled_recipe(name: str) -> Recipe:
    """A recipe that comes with the package, from the project's `corpora/`."""
    with importlib.resources.as_file(_bundled() / f"{name}.toml") as path:
        return read_recipe(path)


def recipe_names() -> list[str]:
    """The names of the recipes that come with the package."""
    files = (Path(file.name) for file in _bundled().iterdir())
    return sorted(file.stem for file in files if file.suffix == ".toml")


def _bundled() -> Any:
    return importlib.resources.files("nlp_engine") / "corpora"
