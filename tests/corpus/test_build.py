from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.corpus.build import build_corpus, corpus_file
from nlp_engine.corpus.seen import SeenDigests, digest
from nlp_engine.corpus.shuffle import LineShuffler
from nlp_engine.corpus.size import measure_corpus
from nlp_engine.demo import DemoResult
from nlp_engine.errors import EngineError, InputError, SettingError
from nlp_engine.manifest import read_manifest
from nlp_engine.progress import silent
from nlp_engine.text.tokenizers import TokenizerSettings, open_tokenizer
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


def test_how_files_are_read_is_an_option_of_the_corpus_too(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_bytes("Ein Haus.\nEin Café.\n\nNoch eins.".encode("cp1252"))
    (tmp_path / "in" / "b.csv").write_bytes(b"1,2")
    reading = {"files": "*.txt", "documents": "block", "language": "de"}
    made = build_corpus(tmp_path / "in", tmp_path / "out", encoding="cp1252", **reading)
    text = (tmp_path / "out" / "sentences.txt").read_text(encoding="utf-8")
    assert text == "ein haus\nein café\nnoch eins\n"
    assert made.counts["documents"] == 2
    skipped = build_corpus(tmp_path / "in", tmp_path / "less", encoding_errors="skip", **reading)
    assert skipped.counts["skipped_lines"] == 1
    assert skipped.counts["lines"] == 2


def lines_of(folder: Path) -> list[str]:
    return (folder / "sentences.txt").read_text(encoding="utf-8").splitlines()


def test_repeated_paragraphs_are_left_out_on_request(tmp_path: Path) -> None:
    source = tmp_path / "rows.jsonl"
    rows = ["One two. Three.\nFooter!", "Other text.\nfooter", "one  TWO. three", "One two."]
    source.write_text("\n".join(json.dumps({"text": row}) for row in rows))
    made = build_corpus(source, tmp_path / "out", deduplicate=True)
    assert lines_of(tmp_path / "out") == ["one two", "three", "footer", "other text", "one two"]
    assert made.counts["documents"] == 4
    build_corpus(source, tmp_path / "text8", format="text8", deduplicate=True)
    assert (tmp_path / "text8" / "text8").read_text() == ("one two three footer other text one two")


def test_shuffled_sentences_are_the_same_sentences(demo: DemoResult, tmp_path: Path) -> None:
    source = demo.folder / "extracted"
    in_order = lines_of(demo.folder / "corpus")
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        build_corpus(source, tmp_path / name, shuffle=True, seed=seed)
        assert [path.name for path in sorted((tmp_path / name).iterdir())] == [
            "manifest.json", "sentences.txt",
        ]  # fmt: skip
    a, b, c = (lines_of(tmp_path / name) for name in "abc")
    assert a == b
    assert a != c
    assert sorted(a) == sorted(c) == sorted(in_order)
    # Of a random order, each place has each line with equal probability: two orders share one
    # line on average.
    assert sum(x == y for x, y in zip(a, in_order, strict=True)) < 400  # empty headings repeat
    with pytest.raises(SettingError, match="shuffle needs sentences"):
        build_corpus(source, tmp_path / "d", shuffle=True, format="text8")


def test_lines_are_shuffled_evenly(tmp_path: Path) -> None:
    lines = [b"%d\n" % number for number in range(6000)]
    (tmp_path / "buckets").mkdir()
    shuffler = LineShuffler(tmp_path / "buckets", seed=3)
    for start in range(0, 6000, 100):
        shuffler.add(lines[start : start + 100])
    out = io.BytesIO()
    shuffler.write(out)
    order = np.array(out.getvalue().split(), np.int64)
    assert sorted(order) == list(range(6000))
    # Spearman's rho with the order before, and between neighbours: 0 within 4 standard errors.
    assert abs(np.corrcoef(order, np.arange(6000))[0, 1]) < 4 / 6000**0.5
    assert abs(np.corrcoef(order[1:], order[:-1])[0, 1]) < 4 / 6000**0.5


def test_shuffling_puts_down_what_is_more_than_memory_may_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [b"line %d\n" % number for number in range(500)]
    results = []
    for held in (10**9, 100):
        monkeypatch.setattr("nlp_engine.corpus.shuffle._HELD_BYTES", held)
        folder = tmp_path / str(held)
        folder.mkdir()
        shuffler = LineShuffler(folder, seed=0)
        for line in lines:
            shuffler.add([line])
        assert any(folder.iterdir()) == (held == 100)
        out = io.BytesIO()
        shuffler.write(out)
        results.append(out.getvalue())
    assert results[0] == results[1]


@given(st.lists(st.text(max_size=3)))
def test_seen_digests_are_a_set(texts: list[str]) -> None:
    seen, known = SeenDigests(), set()
    for text in texts:
        assert seen.add(digest(text)) == (text not in known)
        known.add(text)
    assert len(seen) == len(known)


def test_seen_digests_grow(tmp_path: Path) -> None:
    seen = SeenDigests()
    assert all(seen.add(digest(str(number))) for number in range(5000))
    assert not any(seen.add(digest(str(number))) for number in range(5000))
    assert len(seen) == 5000


@pytest.mark.parametrize("name", ["corpus/sentences.txt", "text8/text8"])
def test_a_corpus_is_measured_slice_by_slice(
    demo: DemoResult, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("nlp_engine.corpus.size._SLICE_BYTES", 100_000)
    text = (demo.folder / name).read_text(encoding="utf-8")
    size = measure_corpus(demo.folder / name, silent)
    assert (size.lines, size.tokens) == (len(text.splitlines()), len(text.split()))
    assert size.types == len(set(text.split()))


def test_a_corpus_stops_at_its_size_with_whole_sentences(demo: DemoResult, tmp_path: Path) -> None:
    source = demo.folder / "extracted"
    whole = (demo.folder / "corpus" / "sentences.txt").read_bytes()
    made = build_corpus(source, tmp_path / "out", max_bytes="50kB")
    part = (tmp_path / "out" / "sentences.txt").read_bytes()
    assert whole.startswith(part)
    assert 49_000 < len(part) <= 50_000
    assert part.endswith(b"\n")
    assert whole.index(b"\n", len(part) + 1) + 1 > 50_000  # one more would be too many
    assert made.counts["documents"] < 10
    build_corpus(source, tmp_path / "text8", format="text8", max_bytes="50000")
    text8 = (tmp_path / "text8" / "text8").read_bytes()
    whole = (demo.folder / "text8" / "text8").read_bytes()
    assert whole.startswith(text8 + b" ")
    assert len(whole[:50_001].rpartition(b" ")[0]) == len(text8)
    with pytest.raises(InputError, match="and at most 2B"):
        build_corpus(source, tmp_path / "none", max_bytes="2B")
    with pytest.raises(SettingError, match="max_bytes is 'much'; it must be a size such as"):
        build_corpus(source, tmp_path / "none", max_bytes="much")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"format": "text8", "deduplicate": True},
        {"deduplicate": True, "shuffle": True, "max_bytes": "300kB", "digits": "map"},
    ],
)
def test_workers_change_nothing(
    demo: DemoResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    monkeypatch.setattr("nlp_engine.corpus.tokenize._BATCH_CHARACTERS", 50_000)
    source = demo.folder / "extracted"
    one, two = (
        build_corpus(source, tmp_path / str(workers), workers=workers, **options)
        for workers in (1, 2)
    )
    assert one.files == two.files
    assert (one.id, one.counts, one.settings) == (two.id, two.counts, two.settings)


def test_a_killed_worker_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "notes.txt"
    source.write_text("Some words.\n" * 10)
    monkeypatch.setattr("nlp_engine.corpus.tokenize._work", os._exit)
    monkeypatch.setattr("nlp_engine.corpus.tokenize._batches", lambda texts: [1])
    with pytest.raises(EngineError, match="use fewer --workers"):
        build_corpus(source, tmp_path / "out", workers=2)
    assert not (tmp_path / "out").exists()


def test_nltk_learns_its_sentences_from_the_corpus(
    demo: DemoResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nlp_engine.corpus.build._PUNKT_CHARACTERS", 400_000)
    source = demo.folder / "extracted"
    made = build_corpus(source, tmp_path / "a", tokenizer="nltk", max_bytes="20kB")
    learned = made.settings["tokenizer"]["punkt"]
    assert {"u.s", "b.c"} <= set(learned["abbreviations"])
    assert set(learned) == {"abbreviations", "collocations", "sentence_starters"}
    assert json.loads((tmp_path / "a" / "manifest.json").read_text())["settings"]["tokenizer"][
        "punkt"
    ] == learned  # fmt: skip
    # The vectors' queries are tokenised with it.
    tokenizer = open_tokenizer(TokenizerSettings.of(read_manifest(tmp_path / "a", "corpus")))
    text = "He lived in the U.S. Army. He left."
    assert tokenizer.words(text) == "he lived in the u.s. army . he left .".split()
    again = build_corpus(source, tmp_path / "b", tokenizer="nltk", max_bytes="20kB")
    assert again.id == made.id


def test_chinese_gives_words_unless_told_otherwise(tmp_path: Path) -> None:
    pytest.importorskip("jieba")
    source = tmp_path / "notes.txt"
    source.write_text("我来到北京清华大学。他来到了网易杭研大厦。", encoding="utf-8")
    build_corpus(source, tmp_path / "out", language="zh")
    assert lines_of(tmp_path / "out")[0] == "我 来到 北京 清华大学"
    build_corpus(source, tmp_path / "text8", language="zh", format="text8")
    text8 = (tmp_path / "text8" / "text8").read_text(encoding="utf-8")
    assert text8.startswith("我 来到 北京 清华大学 他 来到")


def test_text8_of_real_articles_up_to_a_size(data: Callable[[str], Path], tmp_path: Path) -> None:
    source = data("text/en_wikipedia/enwiki2015_part1.txt.xz")
    build_corpus(source, tmp_path / "out", format="text8", max_bytes="1MB")
    text = (tmp_path / "out" / "text8").read_text()
    assert 999_900 < len(text) <= 1_000_000
    assert re.fullmatch("[a-z]+(?: [a-z]+)*", text)
    assert text.startswith("anarchism anarchism is a political philosophy")
