from __future__ import annotations

from pathlib import Path

import pytest

from nlp_engine.errors import (
    MissingExtraError,
    NlpEngineError,
    SettingError,
    require,
    require_file,
)


def test_require_gives_the_module() -> None:
    import json.decoder

    assert require("json.decoder", "any") is json.decoder


def test_a_missing_package_gives_the_pip_line() -> None:
    with pytest.raises(MissingExtraError) as error:
        require("no_such_package.module", "gensim")
    assert str(error.value) == (
        "no_such_package is not installed; it comes with: pip install 'nlp-engine[gensim]'"
    )


def test_a_broken_package_is_not_called_missing(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_package.py").write_text("import no_such_dependency\n")  # type: ignore[operator]
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="no_such_dependency") as error:
        require("broken_package", "gensim")
    assert not isinstance(error.value, NlpEngineError)


def test_a_file_of_a_package_that_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "package_with_data"
    package.mkdir()
    (package / "__init__.py").write_text("import no_such_dependency\n")
    monkeypatch.syspath_prepend(tmp_path)
    path = require_file("package_with_data", "data/pairs.tsv", "gensim")
    assert path == package / "data" / "pairs.tsv"
    with pytest.raises(MissingExtraError, match=r"pip install 'nlp-engine\[gensim\]'"):
        require_file("no_such_package", "data/pairs.tsv", "gensim")


def test_errors_are_also_what_python_users_catch() -> None:
    assert issubclass(SettingError, ValueError)
    assert issubclass(MissingExtraError, ImportError)
