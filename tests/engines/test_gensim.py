from __future__ import annotations

from pathlib import Path

import gensim.models
import numpy as np
import pytest

from nlp_engine.corpus.vocabulary import EncodedCorpus, encode_corpus
from nlp_engine.engines import gensim as engine
from nlp_engine.engines.result import TrainedVectors
from nlp_engine.errors import EngineError
from nlp_engine.progress import Progress, Report, silent

# With one worker and a seed, training gives the same numbers each time.
ARGUMENTS = {"vector_size": 4, "epochs": 3, "alpha": 0.05, "min_alpha": 0.001, "workers": 1,
             "seed": 7, "sg": 1}  # fmt: skip
WORDS = "the of and to a in is jaguar élan rare".split()
# Each word is in one line fewer than the one before: no two counts are equal, as the order of
# equal counts, and with it the numbers that rows start from, is gensim's own affair.
TEXT = "".join(" ".join(WORDS[: last + 1]) + "\n" for last in range(10)) * 5


@pytest.fixture
def corpus(tmp_path: Path) -> EncodedCorpus:
    path = tmp_path / "corpus.txt"
    path.write_text(TEXT)
    return encode_corpus(path, min_count=6)


def train(
    corpus: EncodedCorpus, subwords: bool, report: Report = silent, **arguments: object
) -> TrainedVectors:
    folder = corpus.paths[0].parent / "scratch"
    folder.mkdir()
    return engine.train_vectors(
        corpus,
        subwords=subwords,
        arguments=ARGUMENTS | arguments,
        folder=folder,
        report=report,
    )


@pytest.mark.parametrize("sg", [0, 1])
def test_word2vec_gives_what_the_library_gives(corpus: EncodedCorpus, sg: int) -> None:
    result = train(corpus, False, sg=sg)
    library = gensim.models.Word2Vec(
        corpus_file=str(corpus.paths[0]), min_count=6, **{**ARGUMENTS, "sg": sg}
    )
    assert result.words == library.wv.index_to_key == WORDS[:-1]
    assert result.counts.tolist() == [50, 45, 40, 35, 30, 25, 20, 15, 10]
    assert np.array_equal(result.input_rows, library.wv.vectors)
    assert np.array_equal(result.output_rows, library.syn1neg)
    assert result.bucket_ids is None and result.bucket_rows is None
    assert result.losses == []


def test_fasttext_gives_what_the_library_gives(corpus: EncodedCorpus) -> None:
    ngrams = {"min_n": 3, "max_n": 4, "bucket": 50}
    result = train(corpus, True, **ngrams)
    library = gensim.models.FastText(
        corpus_file=str(corpus.paths[0]), min_count=6, **ARGUMENTS, **ngrams
    )
    assert result.words == library.wv.index_to_key
    assert np.array_equal(result.output_rows, library.syn1neg)
    assert result.bucket_rows is not None and result.bucket_ids is not None
    assert result.bucket_ids.tolist() == list(range(50))
    for row, word in enumerate(result.words):
        own = result.bucket_rows[library.wv.buckets_word[row]]
        mean = (result.input_rows[row] + own.sum(axis=0)) / (len(own) + 1)
        assert np.allclose(mean, library.wv[word], atol=1e-6)


def test_several_files_train_as_one(corpus: EncodedCorpus, tmp_path: Path) -> None:
    alone = train(corpus, False)
    folder = tmp_path / "parts"
    folder.mkdir()
    lines = corpus.paths[0].read_text().splitlines()
    paths = [folder / "1.txt", folder / "2.txt"]
    paths[0].write_text("\n".join(lines[:20]))
    paths[1].write_text("\n".join(lines[20:]) + "\n")
    parts = train(encode_corpus(paths, min_count=6), False)
    assert parts.words == alone.words
    assert np.allclose(parts.input_rows, alone.input_rows, atol=1e-3)


def test_one_long_line_is_trained_to_its_end(tmp_path: Path) -> None:
    # gensim itself would read no further than 10,000 words.
    path = tmp_path / "corpus.txt"
    path.write_text("early words " * 6000 + "late ones " * 6000)
    result = train(encode_corpus(path), False, sample=0)
    assert set(result.words) == {"early", "words", "late", "ones"}
    assert (np.abs(result.output_rows).max(axis=1) > 0.1).all(), "every word was trained"


def test_progress_after_each_epoch(corpus: EncodedCorpus) -> None:
    reports: list[Progress] = []
    train(corpus, False, reports.append)
    words = corpus.tokens
    assert [report.done for report in reports] == [0, words, 2 * words, 3 * words]
    assert {(report.total, report.unit) for report in reports} == {(3 * words, "words")}
    assert reports[-1].detail == "learning rate 0.001000"


def test_a_failure_carries_gensims_words(corpus: EncodedCorpus) -> None:
    with pytest.raises(EngineError) as error:
        train(corpus, False, vector_size=-1)
    assert "gensim failed on" in str(error.value)
    assert str(corpus.paths[0]) in str(error.value)
    assert "negative dimensions" in str(error.value)
