from __future__ import annotations

from pathlib import Path

import pytest

from nlp_engine.corpus.recipe import bundled_recipe, read_recipe
from nlp_engine.errors import InputError, SettingError

RECIPES = sorted((Path(__file__).parents[2] / "corpora").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_of_the_project_can_be_read(path: Path) -> None:
    recipe = read_recipe(path)
    assert recipe.licence
    assert recipe.attribution
    assert bundled_recipe(path.stem).name == recipe.name


def test_the_samples_source_is_in_gensims_wheel() -> None:
    assert bundled_recipe("enwiki_sample").source_path().stat().st_size == 1_695_871


def test_sources_are_relative_to_the_recipe(tmp_path: Path) -> None:
    path = tmp_path / "notes.toml"
    path.write_text('name = "notes"\nsource = "notes.txt"\nmin_words = 2\nlanguage = "de"\n')
    recipe = read_recipe(path)
    assert recipe.source_path() == tmp_path / "notes.txt"
    assert recipe.options == {"min_words": 2, "language": "de"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('name = "x"', "needs a text 'source'"),
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
