"""Corpus recipes: TOML files that say what a corpus is made from and how."""

from __future__ import annotations

import importlib.resources
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp_engine import settings
from nlp_engine.corpus.settings import CorpusSettings
from nlp_engine.errors import SettingError, require
from nlp_engine.files import check_input_file, read_toml

_GENSIM = "gensim:"
_OWN_KEYS = ("name", "source", "licence", "attribution")  # the others are `CorpusSettings`'


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One corpus recipe.

    Attributes:
        name: What the corpus is called.
        source: A path relative to the recipe, or `gensim:FILE` for a file in gensim's wheel.
        licence: Licence of the text.
        attribution: Whom to name as its source.
        options: Fields of `CorpusSettings`.
        folder: Where relative sources are looked up.
    """

    name: str
    source: str
    licence: str = ""
    attribution: str = ""
    options: dict[str, Any]
    folder: Path

    def source_path(self) -> Path:
        """The path of the source.

        Raises:
            MissingExtraError: The source is in gensim's wheel, which is not installed.
            InputError: There is no such file.
        """
        if not self.source.startswith(_GENSIM):
            return self.folder / self.source
        utils = require("gensim.test.utils", "gensim")
        return check_input_file(Path(utils.datapath(self.source.removeprefix(_GENSIM))))


def read_recipe(path: Path) -> Recipe:
    """Read a recipe file.

    Raises:
        InputError: Missing or no TOML.
        SettingError: A key is missing, unknown or out of range.
    """
    content = read_toml(path)
    own = {key: content.pop(key) for key in _OWN_KEYS if key in content}
    for key in ("name", "source"):
        if not isinstance(own.get(key), str):
            raise SettingError(f"{path}: the recipe needs a text {key!r}")
    try:
        settings.from_mapping(CorpusSettings, content)
    except SettingError as error:
        raise SettingError(f"{path}: {error}") from error
    return Recipe(**own, options=content, folder=path.parent)


def bundled_recipe(name: str) -> Recipe:
    """A recipe that comes with the package, from the project's `corpora/`."""
    folder = importlib.resources.files("nlp_engine") / "corpora"
    with importlib.resources.as_file(folder / f"{name}.toml") as path:
        return read_recipe(path)
