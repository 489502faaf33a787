from __future__ import annotations

import bz2
import hashlib
import json
from pathlib import Path

import pytest

from nlp_engine.corpus.recipe import (
    build_recipe,
    bundled_recipe,
    find_recipe,
    read_recipe,
    recipe_names,
)
from nlp_engine.errors import InputError, SettingError
from nlp_engine.languages import language
from nlp_engine.manifest import read_manifest
from nlp_engine.settings import byte_size
from tests.conftest import TOY_PAGES, make_dump
from tests.corpus.web import Web

RECIPES = sorted((Path(__file__).parents[2] / "corpora").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_of_the_project_can_be_read(path: Path) -> None:
    recipe = read_recipe(path)
    assert recipe.name == path.stem
    assert recipe.licence
    assert recipe.attribution
    assert language(recipe.options["language"]).code == recipe.options["language"]
    assert bundled_recipe(path.stem) == recipe


def test_the_promised_languages_have_recipes() -> None:
    promised = {f"{code}_wikipedia" for code in "en de fr es ru ja zh simple".split()}
    assert promised | {"enwiki_sample"} <= set(recipe_names())
    for name in promised:
        recipe = bundled_recipe(name)
        folder = f"https://dumps.wikimedia.org/{name.removesuffix('_wikipedia')}wiki/latest/"
        assert recipe.source.startswith(folder)
        assert recipe.checksums is not None and recipe.checksums.startswith(folder)
        assert recipe.options["min_words"] > 1
        assert byte_size("max_bytes", recipe.options["max_bytes"]) >= 100_000_000


def test_every_recipe_says_how_its_text_is_chosen_and_ordered() -> None:
    for name in recipe_names():
        options = bundled_recipe(name).options
        assert options["min_words"] > 1
        assert options["deduplicate"] is True
        assert options["shuffle"] is True
        assert options["seed"] == 1


def test_the_samples_source_is_in_gensims_wheel() -> None:
    assert bundled_recipe("enwiki_sample").source_path().stat().st_size == 1_695_871


def test_sources_are_relative_to_the_recipe(tmp_path: Path) -> None:
    path = tmp_path / "notes.toml"
    path.write_text('name = "notes"\nsource = "notes.txt"\nmin_words = 2\nlanguage = "de"\n')
    recipe = read_recipe(path)
    assert recipe.source_path() == tmp_path / "notes.txt"
    assert recipe.options == {"min_words": 2, "language": "de"}


def test_recipes_are_found_by_path_and_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.toml").write_text('name = "notes"\nsource = "notes.txt"\n')
    assert find_recipe(Path("notes.toml")) == read_recipe(Path("notes.toml"))
    assert find_recipe(Path("en_wikipedia")) == bundled_recipe("en_wikipedia")
    assert find_recipe(Path("notes.txt")) is None
    assert find_recipe(Path("folder/en_wikipedia")) is None
    Path("de_wikipedia").mkdir()
    assert find_recipe(Path("de_wikipedia")) is None  # what lies there is meant
    with pytest.raises(InputError, match="did you mean fr_wikipedia?"):
        find_recipe(Path("fr_wikipdia"))


@pytest.fixture
def remote(tmp_path: Path, web: Web, cache: Path) -> Path:
    """A recipe whose source is a dump on a server that is laid out as Wikimedia's."""
    name = "toywiki-20261101-pages-articles-multistream1.xml-p1p8.bz2"
    dump = bz2.compress(make_dump(TOY_PAGES))
    web.files["/toywiki/20261101/" + name] = dump
    sums = f"{hashlib.sha1(dump).hexdigest()}  {name}\n"
    web.files["/toywiki/latest/toywiki-latest-sha1sums.txt"] = sums.encode()
    path = tmp_path / "toy.toml"
    path.write_text(
        'name = "toy"\n'
        f'source = "{web.address}/toywiki/latest/'
        'toywiki-latest-pages-articles-multistream1.xml-p*.bz2"\n'
        f'checksums = "{web.address}/toywiki/latest/toywiki-latest-sha1sums.txt"\n'
        'licence = "CC BY-SA 4.0"\nattribution = "Toy contributors"\nmin_words = 5\n'
    )
    return path


def test_a_recipe_from_a_server_to_a_corpus(
    tmp_path: Path, web: Web, cache: Path, remote: Path, pauses: list[float]
) -> None:
    web.cuts = [None, 100]
    made = build_recipe(read_recipe(remote), tmp_path / "out")
    assert made.counts["documents"] == 7
    assert made.settings["min_words"] == 5
    lines = (tmp_path / "out" / "sentences.txt").read_text().splitlines()
    assert "the apple watch was announced by tim cook in cupertino" in lines
    assert [record.name for record in made.sources] == [
        "toywiki-20261101-pages-articles-multistream1.xml-p1p8.bz2"
    ]
    assert len(web.requests) == 3  # the list, the dump, and its rest
    build_recipe(read_recipe(remote), tmp_path / "again", min_words=1)
    assert len(web.requests) == 4  # the list: the dump lies in the cache
    assert len(list(cache.rglob("*.bz2"))) == 1


def test_a_recipe_of_several_part_files(
    tmp_path: Path, web: Web, cache: Path, remote: Path
) -> None:
    (first,) = [name for name in web.files if name.endswith(".bz2")]
    second = first.replace("1.xml-p1p8", "2.xml-p9p10")
    web.files[second] = bz2.compress(make_dump({"Pear": "A pear is not an apple at all."}))
    sums = "/toywiki/latest/toywiki-latest-sha1sums.txt"
    digest = hashlib.sha1(web.files[second]).hexdigest()
    web.files[sums] += f"{digest}  {second.rpartition('/')[2]}\n".encode()
    remote.write_text(remote.read_text().replace("multistream1.xml", "multistream[12].xml"))
    made = build_recipe(read_recipe(remote), tmp_path / "out")
    assert made.counts["documents"] == 8
    names = [name.rpartition("/")[2] for name in (first, second)]
    assert [record.name for record in made.sources] == names


def test_licence_and_attribution_stay_with_the_corpus(tmp_path: Path, remote: Path) -> None:
    build_recipe(read_recipe(remote), tmp_path / "out")
    manifest = read_manifest(tmp_path / "out", "corpus")
    assert manifest.licence == "CC BY-SA 4.0"
    assert manifest.attribution == "Toy contributors"
    content = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert content["licence"] == "CC BY-SA 4.0"


def test_options_go_before_the_recipes_and_are_checked_before_the_download(
    tmp_path: Path, web: Web, remote: Path
) -> None:
    with pytest.raises(SettingError, match="did you mean tokenizer"):
        build_recipe(read_recipe(remote), tmp_path / "out", tokeniser="fast")
    assert web.requests == []
    made = build_recipe(read_recipe(remote), tmp_path / "out", format="text8", min_words=1)
    assert made.settings["format"] == "text8"


def test_a_failed_download_leaves_no_corpus(tmp_path: Path, web: Web, remote: Path) -> None:
    (name,) = [name for name in web.files if name.endswith(".bz2")]
    web.files[name] += b"more"
    with pytest.raises(InputError, match="another checksum"):
        build_recipe(read_recipe(remote), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('name = "x"', "needs a text 'source'"),
        ('name = "x"\nsource = 7', "source is 7; it must be a text"),
        ('name = "x"\nsource = "y"\nlicence = ["z"]', "licence is ['z']; it must be a text"),
        ('name = "x"\nsource = "y"\ntokeniser = "fast"', "did you mean tokenizer?"),
        ('name = "x"\nsource = "y"\nmin_words = 0', "the smallest allowed value is 1"),
    ],
)
def test_bad_recipes_are_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(content)
    with pytest.raises(SettingError) as error:
        read_recipe(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)


def test_no_toml(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("name = ")
    with pytest.raises(InputError, match="no valid TOML"):
        read_recipe(path)
