from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import gensim.models
import numpy as np
import pytest
import scipy.stats
from gensim.test.utils import datapath
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.demo import DemoResult
from nlp_engine.embeddings.evaluation import (
    bundled_sets,
    by_name,
    eval_json,
    evaluate,
    read_eval_json,
)
from nlp_engine.embeddings.evaluation.sets import Analogies, WordPair, WordPairs, read_set
from nlp_engine.embeddings.evaluation.similarity import SimilarityResult, spearman
from nlp_engine.embeddings.settings import EvaluationSettings
from nlp_engine.embeddings.train import train_vectors
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import FormatError, InputError, SettingError

VECTORS = WordVectors(
    ["a", "b", "c", "d"], np.array([[1, 0], [0.9, 0.1], [0.5, 0.5], [0, 1]], np.float32)
)


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=2, max_size=40))
def test_spearman_agrees_with_scipy_ties_included(pairs: list[tuple[int, int]]) -> None:
    first, second = zip(*pairs, strict=True)
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert spearman(first, second) == 0
    else:
        expected = scipy.stats.spearmanr(first, second).statistic
        assert spearman(first, second) == pytest.approx(expected, abs=1e-12)


def test_spearman_of_too_little() -> None:
    assert spearman([], []) == 0
    assert spearman([1], [2]) == 0


PAIRS = WordPairs((WordPair("old", "new", 1.58), WordPair("smart", "clever", 9.0)))


@pytest.mark.parametrize(
    "text",
    [
        "old\tnew\t1.58\nsmart\tclever\t9.0\n",
        "# The set\n# Word 1\tWord 2\tHuman (mean)\nold\tnew\t1.58\nsmart\tclever\t9\n",
        "// comment\nWord 1\tWord 2\tmean\nold\tnew\t1.58\n\nsmart\tclever\t9\n",
        "\ufeffword1,word2,score\r\nold,new,1.58\r\nsmart,clever,9\r\n",
        '"word1","word2","score"\n"old","new","1.58"\n"smart","clever","9"\n',
        "old;new;1,58\nsmart;clever;9,0\n",
        "old new 1.58\nsmart clever 9.\n",
        "old:new:1.58:J:J\nsmart:clever:9:J:J\n",
        "old-j new-j 1.58\nsmart-j clever-j 9\n",
        "old\tnew\tA\t1.58\tANTONYMS\nsmart\tclever\tA\t9.0\tSYNONYMS\n",
        "word1\tword2\tPOS\tSimLex999\tconc(w1)\nold\tnew\tA\t1.58\t2.7\nsmart\tclever\tA\t9\t3\n",
        "Word 1\tWord 2\tHuman (mean)\t1\t2\nold\tnew\t1.58\t1\t2\nsmart\tclever\t9\t9\t9\n",
    ],
    ids=["tabs", "gensim", "header", "csv", "quoted", "semicolons", "spaces", "colons",
         "parts of speech", "SimVerb", "SimLex", "raters"],
)  # fmt: skip
def test_pairs_in_their_usual_forms(tmp_path: Path, text: str) -> None:
    (tmp_path / "plain").write_text(text)
    (tmp_path / "packed").write_bytes(gzip.compress(text.encode()))
    for name in ("plain", "packed"):
        found = read_set(tmp_path / name)
        assert isinstance(found, WordPairs)
        assert tuple(found.pairs) == PAIRS.pairs


def test_a_hyphen_is_no_part_of_speech_where_others_have_none(tmp_path: Path) -> None:
    (tmp_path / "pairs").write_text("vitamin-a plan-b 3\nold new 1\n")
    assert read_set(tmp_path / "pairs") == WordPairs(
        [WordPair("vitamin-a", "plan-b", 3.0), WordPair("old", "new", 1.0)]
    )


_WORD = st.text(st.characters(categories=["L"]), min_size=1, max_size=12)


@given(
    st.lists(st.tuples(_WORD, _WORD, st.floats(-10, 10)), min_size=1, max_size=8),
    st.sampled_from(["\t", ",", ";", " "]),
    st.sampled_from(["", "first{0}second{0}mean\n", "# comment\n"]),
)
def test_every_pair_that_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, float]],
    delimiter: str,
    head: str,
) -> None:
    path = tmp_path_factory.mktemp("pairs") / "pairs.txt"
    lines = [delimiter.join((first, second, repr(score))) for first, second, score in rows]
    path.write_text(head.format(delimiter) + "\n".join(lines), encoding="utf-8")
    found = read_set(path)
    assert isinstance(found, WordPairs)
    assert [pair.score for pair in found.pairs] == [score for _, _, score in rows]


def test_analogies_with_and_without_sections(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("a b c d\nb a d c\n")
    assert read_set(tmp_path / "plain") == Analogies(
        {"questions": [("a", "b", "c", "d"), ("b", "a", "d", "c")]}
    )
    (tmp_path / "google").write_text(" : family\r\na b c d\r\n: gram1-x\r\nb a d c\r\n")
    assert read_set(tmp_path / "google") == Analogies(
        {"family": [("a", "b", "c", "d")], "gram1-x": [("b", "a", "d", "c")]}
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a b 1\na b\n", "line 2: expected two words and a score, found 'a b'"),
        ("a b\na b 1\n", "line 1: expected two words and a score"),
        ("love\t17547\tLove\n", "line 1: expected two words and a score"),
        ("", "no word pairs and no analogies"),
        (": family\n", "no analogies"),
        (": family\na b c d\na b c\n", "line 3: expected the four words"),
        ("Some text that is neither of the two\n", "line 1: expected two words and a score, or"),
        ("\x00\x01\x02", "line 1"),
        ("x" * 100_000, "line 1"),
    ],
)
def test_damaged_files_name_file_and_line(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "set.txt").write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        evaluate(VECTORS, by_name([tmp_path / "set.txt"]))
    assert "set.txt" in str(caught.value)
    assert len(str(caught.value)) < 300


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "set.txt").write_bytes(b"caf\xe9 bar 3\n")
    with pytest.raises(InputError, match="line 1, byte 4: not UTF-8"):
        read_set(tmp_path / "set.txt")


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("EN-WS-353-ALL.txt", 353), ("EN-WS-353-REL.txt", 252), ("EN-WS-353-SIM.txt", 203),
        ("EN-SIMLEX-999.txt", 999), ("EN-MEN-TR-3k.txt", 3000), ("EN-RW-STANFORD.txt", 2034),
        ("EN-MTurk-287.txt", 287), ("EN-MTurk-771.txt", 771), ("EN-SimVerb-3500.txt", 3500),
        ("EN-RG-65.txt", 65), ("EN-MC-30.txt", 30), ("EN-YP-130.txt", 130),
        ("multilingual_ws353_simlex/simlex-german.txt", 999),
        ("multilingual_ws353_simlex/wordsim353-russian.txt", 350),
        ("russian_vitalyromanov/ru_simlex965.csv", 965),
        ("russian_vitalyromanov/wordsim353_sim.csv", 203),
    ],
)  # fmt: skip
def test_real_pairs(data: Callable[[str], Path], name: str, size: int) -> None:
    found = read_set(data(f"words/eval_words/{name}"))
    assert isinstance(found, WordPairs)
    assert len(found.pairs) == size
    words = [word for pair in found.pairs for word in (pair.first, pair.second)]
    assert not [word for word in words if "\t" in word or "," in word or word != word.strip()]
    assert all(0 <= pair.score <= 50 for pair in found.pairs)


@pytest.mark.parametrize(
    ("name", "sections", "questions"),
    [
        ("gensim_questions-words.txt.gz", 14, 19_544), ("analogies/EN-GOOGLE-SEM.txt.gz", 5, 8_869),
        ("analogies/EN-GOOGLE-SYN.txt.gz", 9, 10_675), ("analogies/DE-GOOGLE.txt.gz", 13, 18_552),
        ("analogies/FR-GOOGLE.txt.gz", 14, 31_688), ("analogies/ZH-GOOGLE.txt.gz", 3, 953),
        ("russian_vitalyromanov/ru_semantic.txt.gz", 8, 12_233),
    ],
)  # fmt: skip
def test_real_analogies(
    data: Callable[[str], Path], name: str, sections: int, questions: int
) -> None:
    found = read_set(data(f"words/eval_words/{name}"))
    assert isinstance(found, Analogies)
    assert len(found.sections) == sections
    assert sum(len(section) for section in found.sections.values()) == questions


def test_rho_and_coverage(tmp_path: Path) -> None:
    (tmp_path / "tabs.tsv").write_text("A\tB\t9\na\tc\t5\na\td\t1\na\tx\t3\n")
    (tmp_path / "spaces.txt").write_text("word1 word2 score\na b 1.5\na c 2.5\na d 3.5\n")
    results = evaluate(VECTORS, by_name([tmp_path / "tabs.tsv", tmp_path / "spaces.txt"]))
    assert results.similarity == {
        "tabs.tsv": SimilarityResult(1, pytest.approx(1.0), 4),
        "spaces.txt": SimilarityResult(0, pytest.approx(-1.0), 3),
    }
    assert results.mean_rho == pytest.approx(0)


def test_mean_rho_is_that_of_wordsim353_where_it_is_given(tmp_path: Path) -> None:
    right, wrong = "a b 3\na c 2\na d 1\n", "a b 1\na c 2\na d 3\n"
    sets = {"EN-WS-353-ALL.txt": right, "EN-WS-353-REL.txt": wrong, "EN-WS-353-SIM.txt": right,
            "EN-SIMLEX-999.txt": wrong}  # fmt: skip
    files = [tmp_path / name for name in sets]
    for path in files:
        path.write_text(sets[path.name])
    assert evaluate(VECTORS, by_name(files)).mean_rho == pytest.approx(1 / 3)
    assert evaluate(VECTORS, by_name(files[3:])).mean_rho == pytest.approx(-1)


def test_eval_json_has_blazingtexts_shape(tmp_path: Path) -> None:
    (tmp_path / "EN-WS-353-ALL.txt").write_text("a b 2\na d 1\nx y 3\n")
    assert eval_json(evaluate(VECTORS, by_name([tmp_path / "EN-WS-353-ALL.txt"]))) == {
        "EN-WS-353-ALL.txt": {
            "not_found": 1,
            "spearmans_rho": pytest.approx(1.0),
            "total_pairs": 3,
        },
        "mean_rho": pytest.approx(1.0),
    }


def test_nothing_found_gives_zero_as_blazingtext_does(tmp_path: Path) -> None:
    (tmp_path / "pairs.txt").write_text("x y 1\ny z 2\n")
    (tmp_path / "questions.txt").write_text("x y z w\n")
    results = eval_json(
        evaluate(VECTORS, by_name([tmp_path / "pairs.txt", tmp_path / "questions.txt"]))
    )
    nothing = {"accuracy": 0.0, "correct": 0, "not_found": 1, "total": 1}
    assert results == {
        "mean_rho": 0.0,
        "pairs.txt": {"not_found": 2, "spearmans_rho": 0.0, "total_pairs": 2},
        "questions.txt": {
            **nothing,
            "semantic": nothing,
            "syntactic": {"accuracy": 0.0, "correct": 0, "not_found": 0, "total": 0},
            "sections": {"questions": nothing},
        },
    }


def test_analogies_counted_by_hand(tmp_path: Path) -> None:
    # king - man + woman = queen, and the same for plurals; "</s>" would be the best answer.
    vectors = WordVectors(
        ["man", "woman", "king", "queen", "men", "kings", "</s>", "rare"],
        np.array(
            [[1, 0, 0], [1, 1, 0], [1, 0, 4], [1, 1, 4], [-1, 0, 1], [-1, 0, 5], [1, 1, 4.01],
             [1, 1, 4]], np.float32,
        ),
    )  # fmt: skip
    path = tmp_path / "questions.txt"
    path.write_text(
        ": family\nMan king woman queen\nman king woman rare\n: gram8-plural\nman men king kings\n"
    )
    result = evaluate(vectors, by_name([path]), EvaluationSettings(restrict_vocab=7)).analogies[
        path.name
    ]
    assert (result.semantic.correct, result.semantic.not_found, result.semantic.total) == (1, 1, 2)
    assert result.semantic.accuracy == 1
    assert (result.syntactic.not_found, result.syntactic.total) == (0, 1)
    assert result.all.total == 3
    assert list(result.sections) == ["family", "gram8-plural"]
    with pytest.raises(SettingError, match="restrict_vocab is 0"):
        EvaluationSettings(restrict_vocab=0)


@pytest.mark.parametrize("restrict_vocab", [1000, 4000])
def test_analogies_agree_with_gensim(demo: DemoResult, restrict_vocab: int) -> None:
    vectors = WordVectors.open(demo.folder / "vectors")
    kept = np.array([word != "</s>" for word in vectors.words])
    keyed = gensim.models.KeyedVectors(vectors.vector_dim)
    keyed.add_vectors([w for w in vectors.words if w != "</s>"], vectors.matrix[kept])
    line_ends = int((~kept[:restrict_vocab]).sum())
    _, sections = keyed.evaluate_word_analogies(
        datapath("questions-words.txt"), restrict_vocab=restrict_vocab - line_ends
    )
    expected = {
        section["section"]: (len(section["correct"]), len(section["incorrect"]))
        for section in sections[:-1]
    }
    files = [Path(datapath("questions-words.txt"))]
    chosen = EvaluationSettings(restrict_vocab=restrict_vocab)
    found = evaluate(vectors, by_name(files), chosen).analogies["questions-words.txt"]
    assert found.all.total == 19_544
    assert {
        name: (score.correct, score.total - score.not_found - score.correct)
        for name, score in found.sections.items()
    } == expected
    assert sum(correct for correct, _ in expected.values()) > 0


def test_words_are_looked_up_in_the_vectors_case(tmp_path: Path) -> None:
    (tmp_path / "pairs.txt").write_text("Paris London 9\nParis Tree 1\nLondon TREE 2\n")
    matrix = np.array([[1, 0], [0.9, 0.2], [0, 1]], np.float32)
    for words in (["paris", "london", "tree"], ["Paris", "London", "tree"]):
        results = evaluate(WordVectors(words, matrix), by_name([tmp_path / "pairs.txt"]))
        assert results.similarity["pairs.txt"].not_found == 0
        assert results.mean_rho == pytest.approx(1)


def test_only_the_vocabulary_counts_as_found_with_subwords_too(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("the cat sat on the mat\n" * 20)
    (tmp_path / "pairs.txt").write_text("cat mat 3\ncat catlike 9\ncatlike mat 1\n")
    train_vectors(
        tmp_path / "corpus.txt", tmp_path / "out", mode="skipgram", subwords=True, buckets=1000,
        vector_dim=4, pairs=[tmp_path / "pairs.txt"],
    )  # fmt: skip
    results = json.loads((tmp_path / "out" / "eval.json").read_text())
    assert results["pairs.txt"]["not_found"] == 2


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "pairs.txt").write_text("a b 1\n")
    with pytest.raises(InputError, match=r"two files .* named pairs\.txt"):
        evaluate(VECTORS, by_name([tmp_path / "one" / "pairs.txt", tmp_path / "two" / "pairs.txt"]))


def test_the_bundled_sets_are_the_known_ones() -> None:
    results = evaluate(VECTORS, bundled_sets("en"))
    assert results.similarity == {
        "EN-WS-353-ALL.txt": SimilarityResult(353, 0.0, 353),
        "simlex999.txt": SimilarityResult(999, 0.0, 999),
    }
    assert results.analogies["questions-words.txt"].semantic.total == 8_869
    assert results.analogies["questions-words.txt"].syntactic.total == 10_675
    assert bundled_sets("gd") == {}


def test_results_are_read_back(tmp_path: Path) -> None:
    (tmp_path / "pairs.txt").write_text("a b 2\na d 1\nx y 3\n")
    (tmp_path / "google.txt").write_text(": family\na b c d\n: gram1\na b c x\n")
    results = evaluate(VECTORS, by_name([tmp_path / "pairs.txt", tmp_path / "google.txt"]))
    path = tmp_path / "eval.json"
    path.write_text(json.dumps(eval_json(results), indent=4, sort_keys=True))
    assert read_eval_json(path) == results


@pytest.mark.parametrize("content", ["", "[]", '{"a.txt": 3}', '{"a.txt": {"rho": 1}}'])
def test_other_json_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "eval.json").write_text(content)
    with pytest.raises(FormatError, match=r"eval\.json holds no results"):
        read_eval_json(tmp_path / "eval.json")
