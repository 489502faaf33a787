"""What several tests share: toy dumps, and the real sample taken through the demo once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.sax.saxutils import escape

import hypothesis
import pytest

from nlp_engine.corpus.recipe import bundled_recipe
from nlp_engine.demo import RECIPE, DemoResult, run_demo
from nlp_engine.wiki.titles import Site, make_site

# Where tests run in the background, SIGINT is ignored, and by all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no failure: tests that measure time do so themselves.
# `make test` asks for the repeatable profile; `make test-full` looks for new examples each time.
hypothesis.settings.register_profile("nlp_engine", deadline=None)
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis.settings.load_profile("nlp_engine")

# Where workers share the tests, the longest files begin first: none of them is left for the end.
LONGEST_FILES = ["test_sanitizers.py", "test_readme.py", "test_endpoint_http.py"]
LONGEST_FILES += ["test_local_tuning.py", "test_commands.py", "test_core_only.py"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order the tests for `--dist loadfile --no-loadscope-reorder`."""
    if hasattr(config, "workerinput"):
        ranks = {name: rank for rank, name in enumerate(LONGEST_FILES)}
        items.sort(key=lambda item: ranks.get(item.path.name, len(ranks)))


# Eight pages small enough to count by hand; the numbers in the tests are counted so.
TOY_PAGES = {
    "Apple Watch": "The '''Apple Watch''' was announced by [[Tim Cook]] in "
    "[[Cupertino, California|Cupertino]]. The watch runs apps by [[Apple Inc.|Apple]].",
    "Apple Inc.": "'''Apple Inc.''' makes the [[iPhone]] and the [[Apple Watch]]. [[Tim Cook]] "
    "runs Apple from [[Cupertino, California|Cupertino]].",
    "Tim Cook": "'''Tim Cook''' runs [[Apple Inc.|Apple]] in [[Cupertino]] and announced the "
    "[[iPhone]].",
    "IPhone": "The '''iPhone''' is a phone by [[Apple Inc.|Apple]] announced in [[California]].",
    "Cupertino, California": "'''Cupertino''' is a city in [[California]], home of "
    "[[Apple Inc.|Apple]] and [[Tim Cook]].",
    "California": "'''California''' grows the [[apple]] and the grape. "
    "[[Cupertino, California|Cupertino]] is a city.",
    "Apple": "An '''apple''' is a fruit; the [[apple]] tree grows in [[California]].",
    "Cupertino": "#REDIRECT [[Cupertino, California]]",
}


def make_dump(pages: Mapping[str, str], *, language: str = "en") -> bytes:
    """A MediaWiki export of the given wikitexts by title."""
    parts = []
    for number, (title, wikitext) in enumerate(pages.items(), 1):
        redirect = ""
        if wikitext.startswith("#REDIRECT"):
            target = wikitext.partition("[[")[2].partition("]]")[0]
            redirect = f'<redirect title="{escape(target, {chr(34): "&quot;"})}" />'
        parts.append(
            f"<page><title>{escape(title)}</title><ns>0</ns><id>{number}</id>{redirect}"
            f"<revision><id>{1000 + number}</id>"
            f'<text xml:space="preserve">{escape(wikitext)}</text></revision></page>\n'
        )
    head = (
        f'<mediawiki xml:lang="{language}"><siteinfo><case>first-letter</case><namespaces>'
        '<namespace key="0" case="first-letter" />'
        '<namespace key="4" case="first-letter">Wikipedia</namespace>'
        '<namespace key="10" case="first-letter">Template</namespace>'
        "</namespaces></siteinfo>\n"
    )
    return (head + "".join(parts) + "</mediawiki>\n").encode()


@pytest.fixture
def site() -> Site:
    """An English Wikipedia."""
    return make_site("en", [("Wikipedia", 4), ("Template", 10)])


@pytest.fixture
def toy_dump(tmp_path: Path) -> Path:
    """The toy pages as an uncompressed dump."""
    path = tmp_path / "toy.xml"
    path.write_bytes(make_dump(TOY_PAGES))
    return path


@pytest.fixture(scope="session")
def sample_dump() -> Path:
    """The real English Wikipedia export in gensim's wheel."""
    return bundled_recipe(RECIPE).source_path()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoResult:
    """The whole walk on the real sample, once per run."""
    return run_demo(tmp_path_factory.mktemp("demo") / "out")


@pytest.fixture(scope="session")
def data() -> Callable[[str], Path]:
    """Find a file of the development data; skip the test where it is absent."""
    root = Path(os.environ.get("NLP_ENGINE_DATA", Path(__file__).parents[1] / "../shared/data"))

    def find(name: str) -> Path:
        path = root / name
        if not path.exists():
            pytest.skip(f"needs {name} of the development data (NLP_ENGINE_DATA)")
        return path

    return find
