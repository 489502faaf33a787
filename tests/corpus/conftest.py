from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.corpus.web import Web, serve, stop


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A web server on this machine; downloads do not go through a proxy."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    web, server = serve()
    yield web
    stop(web, server)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that a download would have waited between its attempts."""
    waited: list[float] = []
    monkeypatch.setattr("nlp_engine.corpus.http.time.sleep", waited.append)
    return waited


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("NLP_ENGINE_CACHE", str(folder))
    return folder
