from __future__ import annotations

from pathlib import Path

import pytest

from nlp_engine.corpus.build import build_corpus, corpus_file
from nlp_engine.demo import DemoResult
from nlp_engine.errors import InputError, SettingError
from nlp_engine.manifest import read_manifest
from nlp_engine.wiki.extract import extract_dumps


def test_one_sentence_per_line(tmp_path: Path) -> None:
    source = tmp_path / "notes.txt"
    source.write_text("The cat sat. It slept!\nA dog came; it barked.\n...\n")
    made = build_corpus(source, tmp_path / "out")
    assert (tmp_path / "out" / "sentences.txt").read_text() == (
        "the cat sat\nit slept\na dog came it barked\n"
    )
    assert made.counts == {"documents": 3, "lines": 3, "tokens": 10, "types": 9, "bytes": 42}
    assert [record.name for record in made.sources] == ["notes.txt"]


def test_text8_is_one_line_with_single_spaces(tmp_path: Path) -> None:
    source = tmp_path / "notes.txt"
    source.write_text("In 1999, the cat.\n\n  A dog!\n")
    made = build_corpus(source, tmp_path / "out", format="text8")
    assert (tmp_path / "out" / "text8").read_text() == "in one nine nine nine the cat a dog"
    assert made.settings["tokenizer"] == {"name": "text8", "language": "en", "digits": "spell"}
    assert made.counts["lines"] == 1


def test_short_sentences_are_left_out_on_request(tmp_path: Path) -> None:
    source = tmp_path / "notes.txt"
    source.write_text("One two three. One two. One.")
    build_corpus(source, tmp_path / "out", min_words=2)
    assert (tmp_path / "out" / "sentences.txt").read_text() == "one two three\none two\n"


def test_columns_are_chosen_and_joined(tmp_path: Path) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("id,title,body\n1,A Title,The body.\n")
    build_corpus(source, tmp_path / "out", text=["title", "body"])
    assert (tmp_path / "out" / "sentences.txt").read_text() == "a title\nthe body\n"


def test_the_language_decides_how_words_are_made(tmp_path: Path) -> None:
    source = tmp_path / "notes.txt"
    source.write_text("IŞIK", encoding="utf-8")
    made = build_corpus(source, tmp_path / "out", language="tr")
    assert (tmp_path / "out" / "sentences.txt").read_text(encoding="utf-8") == "ışık\n"
    assert made.language == "tr"


def test_a_corpus_remembers_its_parent(tmp_path: Path, toy_dump: Path) -> None:
    parent = extract_dumps([toy_dump], tmp_path / "extracted")
    made = build_corpus(tmp_path / "extracted", tmp_path / "out")
    assert made.parents == {"extracted": parent.id}
    lines = (tmp_path / "out" / "sentences.txt").read_text().splitlines()
    assert "the apple watch was announced by tim cook in cupertino" in lines
    assert made.counts["documents"] == 7


def test_the_corpus_of_the_real_sample(demo: DemoResult) -> None:
    path, manifest = corpus_file(demo.folder / "corpus")
    assert manifest is not None
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert manifest.counts["documents"] == 98
    assert manifest.counts["lines"] == len(lines)
    assert manifest.counts["tokens"] == len(text.split())
    assert manifest.counts["types"] == len(set(text.split()))
    assert manifest.counts["bytes"] == path.stat().st_size
    assert 400_000 < len(text.split()) < 500_000  # corpora.md: peers extract 418 to 538 thousand
    text8 = (demo.folder / "text8" / "text8").read_text()
    assert set(text8) == set("abcdefghijklmnopqrstuvwxyz ")
    assert "  " not in text8
    assert "one eight six one" in text8


def test_a_file_inside_a_corpus_folder_is_known_too(demo: DemoResult) -> None:
    path, manifest = corpus_file(demo.folder / "corpus" / "sentences.txt")
    assert manifest == read_manifest(demo.folder / "corpus", "corpus")
    assert path.name == "sentences.txt"


def test_a_corpus_without_words_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "notes.txt"
    source.write_text("...\n!?\n")
    with pytest.raises(InputError, match="gives an empty corpus: no sentence of at least 1 words"):
        build_corpus(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_bad_settings_fail_before_any_work(tmp_path: Path) -> None:
    source = tmp_path / "notes.txt"
    source.write_text("text")
    with pytest.raises(SettingError, match="did you mean tokenizer"):
        build_corpus(source, tmp_path / "out", tokeniser="fast")
    with pytest.raises(SettingError, match="language is 'English'"):
        build_corpus(source, tmp_path / "out", language="English")
