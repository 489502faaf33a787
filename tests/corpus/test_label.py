from __future__ import annotations

import csv
import json
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fasttext
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp_engine.corpus.class_report import read_class_report
from nlp_engine.corpus.label import label_corpus
from nlp_engine.corpus.labelled import FOLDS, labelled_files, read_labels
from nlp_engine.demo import LABELS, DemoResult
from nlp_engine.errors import InputError, SettingError
from nlp_engine.text.tokenizers import TokenizerSettings, open_tokenizer
from nlp_engine.wiki.kinds import PageKind
from nlp_engine.wiki.shards import read_pages

HOSTILE = [
    ("Office Holder", "plain words"),
    ("Office\u00a0Holder", "the other office holder"),
    ("Office_Holder", "and one more"),
    ("a,b", "__label__trap in the text"),
    ('quo"te', "a </s> in the middle"),
    ("ünï", "no\u00a0break\u3000space and\u2028separator"),
    ("x__label__y", 'quotes "" and, commas'),
    ("  spaces  ", "trailing\ttab"),
    ("__label__", "a\0__label__b after a zero"),
    ("</s>", "\u0085__label__c next line"),
]


def write_rows(path: Path, rows: list[tuple[Any, str]]) -> Path:
    lines = [json.dumps({"label": label, "text": text}) for label, text in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def lines_of(folder: Path) -> dict[str, list[str]]:
    return {fold: (folder / f"{fold}.txt").read_bytes().decode().split("\n")[:-1] for fold in FOLDS}


def fasttext_counts(corpus: Path) -> tuple[Counter[str], Counter[str]]:
    """The labels and words that fastText itself finds in a file, with their frequencies."""
    model = fasttext.train_supervised(str(corpus), dim=1, epoch=0, minCount=1, thread=1, verbose=0)
    labels, words = model.get_labels(include_freq=True), model.get_words(include_freq=True)
    return (
        Counter(dict(zip(labels[0], labels[1].tolist(), strict=True))),
        Counter(dict(zip(words[0], words[1].tolist(), strict=True))),
    )


@pytest.mark.parametrize("tokenizer", ["fast", "whitespace", "spacy", "nltk"])
def test_fasttext_reads_back_exactly_the_labels_that_were_written(
    tmp_path: Path, tokenizer: str
) -> None:
    source, out = write_rows(tmp_path / "rows.jsonl", HOSTILE), tmp_path / "out"
    made = label_corpus(source, out, split="100/0/0", tokenizer=tokenizer)
    found, _ = fasttext_counts(out / "train.txt")
    names = labelled_files(out).labels
    assert {names[word]: count for word, count in found.items()} == {
        label: 1 for label, _ in HOSTILE
    }
    assert made.counts["labels"] == made.counts["train"] == len(HOSTILE)
    assert (out / "train.txt").read_bytes().count(b"\n") == len(HOSTILE)


SPACES = ["\u00a0", "\u2028", "\u3000", "\u0085", "\0", "\n", "\r\n", "\t", " "]
WORDS = [
    "__label__",
    "__label__x",
    "l__label__",
    "</s>",
    '"',
    ",",
    "word",
    "e\u0301",
    "猫",
    "\ufeff",
]
PIECES = st.sampled_from([*SPACES, *WORDS])
TEXTS = st.lists(PIECES | st.text(max_size=4), max_size=8).map("".join)
ROWS = st.lists(st.tuples(st.lists(TEXTS, min_size=1, max_size=3), TEXTS), min_size=2, max_size=30)


@settings(max_examples=25)  # fastText takes a tenth of a second for each
@given(ROWS, st.sampled_from(["whitespace", "fast", "nltk"]))
def test_no_label_is_lost_split_or_invented(
    rows: list[tuple[list[str], str]], tokenizer: str
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Two rows that are always there, so that there is something to classify.
        rows = [(["first label"], "a text"), (["second"], "another one"), *rows]
        source = write_rows(folder / "rows.jsonl", rows)
        label_corpus(
            source, folder / "out", split="100/0/0", tokenizer=tokenizer, duplicates="keep"
        )
        expected: Counter[str] = Counter()
        lines = lines_of(folder / "out")["train"]
        names = read_labels(folder / "out")
        labels, words = fasttext_counts(folder / "out" / "train.txt")
        written = iter(lines)
        for row_labels, text in rows:
            kept = dict.fromkeys(x for x in row_labels if x.replace("\0", " ").strip())
            if kept and label_words(text, tokenizer):
                expected.update(kept.keys())
                assert [names[w] for w in next(written).split(" ")[: len(kept)]] == list(kept)
        assert next(written, None) is None
        assert {names[word]: count for word, count in labels.items()} == expected
        assert set(names.values()) == set(expected)
        own = Counter(word for line in lines for word in line.split(" ") if word not in names)
        assert words - Counter({"</s>": len(lines)}) == own, "and every word is read as written"


def label_words(text: str, tokenizer: str) -> list[str]:
    return open_tokenizer(TokenizerSettings(name=tokenizer, language="en")).words(
        text.replace("\0", " ")
    )


def test_fasttext_reads_labelled_lines_of_any_length_in_full(tmp_path: Path) -> None:
    rows = [("long", " ".join(f"w{i}" for i in range(5000))), ("short", "w0")]
    label_corpus(write_rows(tmp_path / "a.jsonl", rows), tmp_path / "out", split="100/0/0")
    _, words = fasttext_counts(tmp_path / "out" / "train.txt")
    assert words == Counter({f"w{i}": 1 for i in range(5000)}) + Counter({"w0": 1, "</s>": 2})


def test_several_labels_from_lists_and_from_fields(tmp_path: Path) -> None:
    expected = ["__label__a_a __label__b one", "__label__b two", "__label__1 three"]
    pq.write_table(
        pa.table(
            {"label": [["a a", "b"], ["b", None, "b"], ["1"]], "text": ["one", "two", "three"]}
        ),
        tmp_path / "rows.parquet",
    )
    (tmp_path / "rows.csv").write_text("label,text\na a | b,one\nb||b,two\n1,three\n|,no label\n")
    write_rows(tmp_path / "rows.jsonl", [(["a a", "b"], "one"), ("b", "two"), (1, "three")])
    for name, options in (
        ("rows.parquet", {}),
        ("rows.jsonl", {}),
        ("rows.csv", {"label_separator": "|"}),
    ):
        out = tmp_path / f"out-{name}"
        made = label_corpus(tmp_path / name, out, split="100/0/0", **options)
        assert lines_of(out)["train"] == expected, name
        assert made.counts.get("without_label", 0) == (1 if options else 0)


def test_what_is_no_label(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "rows.jsonl", [("a", "x"), ({"name": "b"}, "y")])
    with pytest.raises(
        InputError, match=r"rows.jsonl, row 2 of the source, column 'label': a label"
    ):
        label_corpus(source, tmp_path / "out")
    with pytest.raises(SettingError, match="label_separator is empty"):
        label_corpus(source, tmp_path / "out", label_separator="")
    assert not (tmp_path / "out").exists()


def test_paragraphs_and_the_largest_labels_of_the_real_sample(demo: DemoResult) -> None:
    files = labelled_files(demo.folder / "labelled")
    pages = list(read_pages(demo.folder / "extracted", PageKind.ARTICLE))

    def size(text: str) -> int:
        paragraphs = (p for p in text.splitlines() if len(p.split()) >= LABELS["min_words"])
        return sum(map(len, paragraphs))

    longest = sorted(pages, key=lambda page: -size(page.text))[:12]
    assert set(files.labels.values()) == {page.title for page in longest}
    folds = [set(lines) for lines in lines_of(demo.folder / "labelled").values()]
    sizes = [len(lines) for lines in folds]
    assert abs(sizes[1] - sizes[2]) <= len(longest)
    assert 0.78 < sizes[0] / sum(sizes) < 0.82
    assert not folds[0] & folds[1] and not folds[0] & folds[2] and not folds[1] & folds[2]


def test_equal_examples_count_once_and_rows_without_label_or_text_not_at_all(
    tmp_path: Path,
) -> None:
    rows = [("a", "same"), ("a", "Same!"), ("b", "other"), ("", "unlabelled"), ("b", "...")]
    source = write_rows(tmp_path / "rows.jsonl", rows)
    made = label_corpus(source, tmp_path / "out", split="100/0/0")
    assert (tmp_path / "out" / "train.txt").read_text() == "__label__a same\n__label__b other\n"
    left_out = {"equal_left_out": 1, "without_label": 1, "too_short": 1}
    assert made.counts == made.counts | {"documents": 5, "examples": 2} | left_out
    kept = label_corpus(source, tmp_path / "kept", split="100/0/0", duplicates="keep")
    assert kept.counts["examples"] == 3
    assert "equal_left_out" not in kept.counts


@pytest.mark.parametrize("duplicates", ["drop", "keep"])
def test_nearly_equal_texts_are_in_one_fold(tmp_path: Path, duplicates: str) -> None:
    text = "story number {} has words of its own such as {} and nothing that others have {}"
    rows = [
        (
            f"label {i % 2}",
            text.format(i, str(i * i) * 9, "".join(f"w{i}x{j} " for j in range(20))) + end,
        )
        for i in range(60)
        for end in ("", " indeed", " finally", "")
    ]
    source = write_rows(tmp_path / "rows.jsonl", rows)
    made = label_corpus(source, tmp_path / "out", split="50/25/25", duplicates=duplicates)
    folds = {
        fold: {line.split()[3] for line in lines}  # the story's number
        for fold, lines in lines_of(tmp_path / "out").items()
    }
    assert sum(map(len, folds.values())) == 60, "no story is in two folds"
    assert [len(folds[fold]) for fold in FOLDS] == [30, 15, 15]
    assert made.counts["near_duplicate_groups"] == 60
    assert (
        made.counts["near_duplicates"]
        == made.counts["examples"]
        == (180 if duplicates == "drop" else 240)
    )
    apart = label_corpus(source, tmp_path / "apart", near_duplicates=1)
    assert "near_duplicates" not in apart.counts


def test_one_label_is_no_classification(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", [("a", "x"), ("a", "y"), ("b", "!")])
    with pytest.raises(InputError, match=r"fewer than two labels .* 3 documents \(1 too short\)"):
        label_corpus(tmp_path / "rows.jsonl", tmp_path / "out")


def write_dbpedia(folder: Path, *, test: bool = True) -> None:
    """A small data set in the layout of Zhang, Zhao and LeCun, as AWS's notebook downloads it."""
    folder.mkdir(exist_ok=True)
    (folder / "classes.txt").write_text("Company\nOffice Holder\nMean Of Transportation\n")
    (folder / "readme.txt").write_text("DBpedia Ontology Classification Dataset\n")
    for name, first, count in (("train", 0, 60), ("test", 60, 15))[: 2 if test else 1]:
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
            for i in range(first, first + count):
                words = " ".join(f"w{i}q{j}" for j in range(8))
                writer.writerow(
                    [i % 3 + 1, f'Title {i} "quoted"', f" line one, {words}\\nline two"]
                )


def test_dbpedias_layout_in_one_command(tmp_path: Path) -> None:
    write_dbpedia(tmp_path / "dbpedia")
    made = label_corpus(tmp_path / "dbpedia", tmp_path / "out")
    assert set(read_labels(tmp_path / "out").values()) == {
        "Company", "Office Holder", "Mean Of Transportation",
    }  # fmt: skip
    lines = lines_of(tmp_path / "out")
    assert [int(line.split()[2]) for line in lines["test"]] == list(range(60, 75)), "the given test"
    # Of the training file's 60, one ninth is for validation.
    assert (len(lines["train"]), len(lines["validation"])) == (53, 7)
    assert lines["test"][0].startswith("__label__Company title 60 quoted line one w60q0 ")
    assert lines["test"][1].startswith("__label__Office_Holder title 61 ")
    assert lines["test"][0].endswith(" w60q7 line two")
    assert made.counts["documents"] == 75


def test_dbpedias_layout_of_one_file_by_columns_or_as_it_is(tmp_path: Path) -> None:
    write_dbpedia(tmp_path / "d", test=False)
    label_corpus(tmp_path / "d" / "train.csv", tmp_path / "titles", text=("2",), split="100/0/0")
    assert (
        lines_of(tmp_path / "titles")["train"][2]
        == "__label__Mean_Of_Transportation title 2 quoted"
    )
    label_corpus(
        tmp_path / "d" / "train.csv",
        tmp_path / "numbers",
        columns="class,title,abstract",
        label="class",
        text=("title",),
    )
    assert set(read_labels(tmp_path / "numbers")) == {"__label__1", "__label__2", "__label__3"}


def test_a_class_that_classes_txt_does_not_name(tmp_path: Path) -> None:
    write_dbpedia(tmp_path / "d")
    with (tmp_path / "d" / "train.csv").open("a") as file:
        file.write('4,"Title","text"\n')
    with pytest.raises(
        InputError, match=r"train.csv, line 61: class '4'; .*classes.txt has .* 1 to 3"
    ):
        label_corpus(tmp_path / "d", tmp_path / "out")


def test_given_folds_are_kept_or_split_anew(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    words = [f"{i} " + "".join(f"a{i}b{j} " for j in range(9)) for i in range(40)]
    texts = [f"__label__{i % 2} text {word}\n" for i, word in enumerate(words)]
    (folder / "train.txt").write_text("".join(texts[:30]))
    (folder / "dev.txt").write_text("".join(texts[28:35]))
    (folder / "test.txt").write_text(
        "".join([*texts[34:], texts[0].upper().replace("__LABEL", "__label")])
    )
    made = label_corpus(folder, tmp_path / "out", tokenizer="fast")
    lines = {
        fold: [int(x.split()[2]) for x in found]
        for fold, found in lines_of(tmp_path / "out").items()
    }
    assert lines == {
        "train": list(range(1, 28)),  # without what is held out
        "validation": list(range(28, 35)),
        "test": [*range(34, 40), 0],
    }
    anew = label_corpus(folder, tmp_path / "anew", given_folds=False)
    assert (anew.counts["train"], anew.counts["validation"], anew.counts["test"]) == (33, 4, 4)
    kept = label_corpus(folder, tmp_path / "kept", tokenizer="fast", duplicates="keep")
    assert kept.counts["train"] == 30
    assert read_class_report(tmp_path / "kept").warnings[-1].endswith("than they are: 3")
    # A labelled corpus is a source, too: the same again.
    again = label_corpus(tmp_path / "out", tmp_path / "again")
    assert lines_of(tmp_path / "again") == lines_of(tmp_path / "out")
    assert again.parents == {"labelled corpus": made.id}


def test_a_training_file_that_only_repeats_the_test_file(tmp_path: Path) -> None:
    for name in ("train.txt", "test.txt"):
        (tmp_path / name).write_text("__label__a one two three\n__label__b four five six\n")
    with pytest.raises(InputError, match="nothing is left for training"):
        label_corpus(tmp_path, tmp_path / "out")
    assert label_corpus(tmp_path, tmp_path / "out", duplicates="keep").counts["train"] == 2


def test_folders_name_labels_and_folds(tmp_path: Path) -> None:
    for fold, count in (("train", 8), ("test", 2)):
        for label in ("pos", "neg"):
            (tmp_path / "in" / fold / label).mkdir(parents=True)
            for i in range(count):
                path = tmp_path / "in" / fold / label / f"{i}.txt"
                path.write_text(f"{fold} {label}\nreview {i}\n" * 3)
    label_corpus(
        tmp_path / "in", tmp_path / "out", documents="file", label="folder", near_duplicates=1
    )
    lines = lines_of(tmp_path / "out")
    assert len(lines["test"]) == 4
    assert sorted(lines["test"])[0] == "__label__neg" + " test neg review 0" * 3
    assert len(lines["train"] + lines["validation"]) == 16


def test_labels_of_a_labelled_corpus_keep_their_names(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "rows.jsonl", HOSTILE)
    label_corpus(source, tmp_path / "out", split="100/0/0")
    label_corpus(tmp_path / "out", tmp_path / "again", given_folds=False, split="100/0/0")
    assert set(read_labels(tmp_path / "again").values()) == {label for label, _ in HOSTILE}


def test_augmented_manifests_for_blazingtext(tmp_path: Path) -> None:
    rows = [
        ("Office Holder", "one"),
        (["Office Holder", "Film"], "two “quoted”"),
        ("Film", "three"),
    ]
    source = write_rows(tmp_path / "rows.jsonl", rows)
    label_corpus(source, tmp_path / "out", split="100/0/0", augmented_manifest=True)
    lines = (tmp_path / "out" / "train.manifest").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"source": "one", "label": 1},
        {"source": "two quoted", "label": [1, 2]},
        {"source": "three", "label": 2},
    ]
    assert (tmp_path / "out" / "classes.txt").read_text() == "Office_Holder\nFilm\n"
    assert (tmp_path / "out" / "test.manifest").read_bytes() == b""
    label_corpus(source, tmp_path / "plain", split="100/0/0")
    assert not list((tmp_path / "plain").glob("*.manifest"))


def test_damaged_lines_are_counted_in_the_manifest(tmp_path: Path) -> None:
    rows = "label,text\n" + "".join(f"{i % 2},text {i} of its own\n" for i in range(30))
    (tmp_path / "a.csv").write_bytes(rows.encode() + b"1,caf\xe9\n")
    with pytest.raises(InputError, match=r"a.csv, line 32, byte 6: not UTF-8"):
        label_corpus(tmp_path / "a.csv", tmp_path / "out")
    for errors, name, count in (("replace", "replaced_lines", 31), ("skip", "skipped_lines", 30)):
        made = label_corpus(tmp_path / "a.csv", tmp_path / errors, encoding_errors=errors)
        assert (made.counts[name], made.counts["examples"]) == (1, count)


@pytest.mark.parametrize(
    ("name", "files", "labels"),
    [
        ("classification/small_en", "sms_spam.*", {"ham", "spam"}),
        ("classification/small_en", "sentence_polarity.*", {"neg", "pos"}),
    ],
)
def test_real_labelled_files(
    data: Callable[[str], Path], tmp_path: Path, name: str, files: str, labels: set[str]
) -> None:
    folder = data(name)
    made = label_corpus(folder, tmp_path / "out", files=files)
    assert set(read_labels(tmp_path / "out").values()) == labels
    assert made.settings["tokenizer"]["name"] == "whitespace", "their words stay as they are"
    left_out = made.counts.get("equal_left_out", 0) + made.counts.get("like_held_out_left_out", 0)
    assert made.counts["examples"] + left_out == made.counts["documents"]
    found, _ = fasttext_counts(tmp_path / "out" / "test.txt")
    report = read_class_report(tmp_path / "out")
    assert {held.word: held.test for held in report.classes} == found
