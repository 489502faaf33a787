from __future__ import annotations

from pathlib import Path

import fasttext
import gensim.models
import numpy as np
import pytest
import spacy

from nlp_engine.demo import DemoResult
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import FormatError, InputError, OutputError
from nlp_engine.formats.fasttext import Entries, ModelSettings, write_model

TOY = WordVectors(
    ["king", "queen", "man", "woman", "</s>", "zero"],
    np.array([[1, 1, 0], [1, 1, 1], [0, 1, 0], [0, 1, 1], [1, 1, 0.1], [0, 0, 0]], np.float32),
)


def test_look_up() -> None:
    assert len(TOY) == 6
    assert TOY.vector_dim == 3
    assert "king" in TOY
    assert "emperor" not in TOY
    assert TOY["queen"].tolist() == [1, 1, 1]
    with pytest.raises(KeyError):
        TOY["emperor"]
    assert TOY.ids(["man", "unknown", "king", "man"]).tolist() == [2, 0, 2]


def test_neighbours_by_cosine_without_the_word_itself_and_line_ends() -> None:
    hits = TOY.most_similar("king", k=10)
    assert [word for word, _ in hits] == ["queen", "man", "woman", "zero"]
    assert hits[0][1] == pytest.approx(2 / np.sqrt(6))
    assert hits[1][1] == pytest.approx(1 / np.sqrt(2))
    assert TOY.most_similar("king", k=1) == hits[:1]
    assert TOY.similarity("king", "queen") == pytest.approx(hits[0][1])


def test_analogy() -> None:
    assert TOY.analogy("man", "king", "woman")[0][0] == "queen"


def test_sentence_vectors() -> None:
    unit_king, unit_man = TOY["king"] / np.sqrt(2), TOY["man"]
    expected = (unit_king + unit_man) / 2
    assert np.allclose(TOY.sentence_vector(["king", "unknown", "man"]), expected)
    assert TOY.sentence_vector(["unknown"]).tolist() == [0, 0, 0]
    assert TOY.sentence_vector([]).tolist() == [0, 0, 0]


def test_unknown_words_are_named() -> None:
    with pytest.raises(InputError, match="not in the vocabulary of 6 words: emperor, empress"):
        TOY.analogy("emperor", "king", "empress")


def test_neighbours_agree_with_gensim_on_real_vectors(demo: DemoResult) -> None:
    vectors = WordVectors.open(demo.folder / "vectors")
    keyed = gensim.models.KeyedVectors.load_word2vec_format(
        str(demo.folder / "vectors" / "vectors.txt")
    )
    keyed.vectors[~keyed.vectors.any(axis=1)] = 1e-9  # never trained; gensim divides by its length
    for word in ("president", "language", "water"):
        ours = vectors.most_similar(word, 5)
        theirs = [hit for hit in keyed.most_similar(word, topn=6) if hit[0] != "</s>"][:5]
        assert [hit[0] for hit in ours] == [hit[0] for hit in theirs]
        assert np.allclose([hit[1] for hit in ours], [hit[1] for hit in theirs], atol=1e-5)


def test_opening_something_else(demo: DemoResult, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="expected the folder .vectors."):
        WordVectors.open(demo.folder / "kb")
    with pytest.raises(InputError, match="does not exist"):
        WordVectors.open(tmp_path / "nothing")
    with pytest.raises(FormatError, match="line 1"):
        WordVectors.open(demo.folder / "kb" / "manifest.json")


UNSEEN = ["größer", "weltweit", "日本語", "x", ""]


@pytest.fixture(scope="module")
def subword_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fastText model with sub-words and random rows."""
    words = ["</s>", "die", "größe", "der", "welt", "日本", "groß", "mond", "klein"]
    rows = np.random.default_rng(0).standard_normal((len(words) + 3000, 8), np.float32)
    path = tmp_path_factory.mktemp("subwords") / "m.bin"
    write_model(
        path,
        settings=ModelSettings(min_char=2, max_char=4, buckets=3000),
        entries=Entries(words=words, counts=np.arange(len(words), 0, -1), tokens=100),
        input_rows=rows,
        output_rows=rows[: len(words)],
    )
    return path


def test_many_queries_at_once_are_as_one_after_the_other() -> None:
    words = ["king", "zero", "woman"]
    assert TOY.most_similar(words, k=3) == [TOY.most_similar(word, k=3) for word in words]
    assert TOY.most_similar([], k=3) == []
    assert TOY.most_similar(TOY.matrix[:2], k=3) == [
        TOY.most_similar(vector, k=3) for vector in TOY.matrix[:2]
    ]
    a, b, c = ["man", "king"], ["king", "queen"], ["woman", "man"]
    assert TOY.analogy(a, b, c, k=2) == [
        TOY.analogy(*question, k=2) for question in zip(a, b, c, strict=True)
    ]


def test_neighbours_of_a_vector() -> None:
    hits = TOY.most_similar(np.array([5, 5, 0], np.float32), k=2)
    assert [word for word, _ in hits] == ["king", "queen"]
    assert hits[0][1] == pytest.approx(1)
    assert TOY.most_similar("king", k=0) == []
    with pytest.raises(InputError, match="a vector of 2 dimensions was given; these have 3"):
        TOY.most_similar(np.ones(2, np.float32))


def test_similarities() -> None:
    found = TOY.similarities(["king", "zero"], ["queen", "man", "king"])
    assert np.allclose(found, [[2 / np.sqrt(6), 1 / np.sqrt(2), 1], [0, 0, 0]])
    own = TOY.similarities(["king", "queen", "man"])
    assert np.allclose(own, own.T)
    assert np.allclose(np.diag(own), 1)
    with pytest.raises(KeyError):
        TOY.similarities(["king", "emperor"])


def test_optional_look_up() -> None:
    assert TOY.get("emperor") is None
    assert np.array_equal(TOY.get("king"), TOY["king"])


def test_vectors_of_many_sentences() -> None:
    sentences = [["king", "unknown", "man"], [], ["queen"]]
    expected = [TOY.sentence_vector(words) for words in sentences]
    assert np.array_equal(TOY.sentence_vectors(sentences), expected)
    assert TOY.sentence_vectors([]).shape == (0, 3)


def test_unit_vectors() -> None:
    expected = [np.linalg.norm(row) and row / np.linalg.norm(row) for row in TOY.matrix[:5]]
    assert np.allclose(TOY.unit[:5], expected)
    assert not TOY.unit[5].any()


def test_a_folder_is_mapped_into_memory_and_holds_the_same_as_its_text(demo: DemoResult) -> None:
    mapped = WordVectors.open(demo.folder / "vectors")
    text = WordVectors.open(demo.folder / "vectors" / "vectors.txt")
    assert isinstance(mapped.matrix, np.memmap)
    assert not mapped.matrix.flags.writeable
    assert mapped.words == text.words
    assert np.array_equal(mapped.matrix, text.matrix)
    assert mapped.most_similar(mapped.words[:300]) == text.most_similar(text.words[:300])


def test_analogies_agree_with_gensim_on_real_vectors(demo: DemoResult) -> None:
    vectors = WordVectors.open(demo.folder / "vectors")
    keyed = vectors.to_gensim()
    keyed.vectors[~keyed.vectors.any(axis=1)] = 1e-9  # never trained; gensim divides by its length
    frequent = [word for word in vectors.words[:200] if word != "</s>"]
    a, b, c = frequent[:60], frequent[60:120], frequent[120:180]
    for question, ours in zip(zip(a, b, c, strict=True), vectors.analogy(a, b, c, 3), strict=True):
        theirs = keyed.most_similar(positive=[question[1], question[2]], negative=[question[0]])
        theirs = [hit for hit in theirs if hit[0] != "</s>"][:3]
        assert np.allclose([hit[1] for hit in ours], [hit[1] for hit in theirs], atol=1e-5)


def test_files_of_all_kinds_are_told_by_content(demo: DemoResult, tmp_path: Path) -> None:
    opened = WordVectors.open(demo.folder / "vectors")
    opened.save(tmp_path / "a")
    opened.save(tmp_path / "b", binary=True)
    for path in (tmp_path / "a", tmp_path / "b", demo.folder / "vectors" / "vectors.bin"):
        read = WordVectors.open(path)
        assert read.words == opened.words
        assert np.array_equal(read.matrix, opened.matrix)


def test_saving_keeps_what_is_there_unless_told_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "new" / "v.txt"
    TOY.save(path)
    with pytest.raises(OutputError, match="exists; choose another file or pass overwrite"):
        TOY.save(path)
    broken = WordVectors(["fine", "New York"], TOY.matrix[:2])
    with pytest.raises(InputError, match="New York"):
        broken.save(path, overwrite=True)
    assert WordVectors.open(path).words == TOY.words
    assert [file.name for file in path.parent.iterdir()] == ["v.txt"]


def test_subwords_give_the_librarys_vectors(subword_model: Path) -> None:
    vectors, library = WordVectors.open(subword_model), fasttext.load_model(str(subword_model))
    assert vectors.words == library.get_words()
    assert "größe" in vectors
    for word in vectors.words + UNSEEN:
        assert np.allclose(vectors[word], library.get_word_vector(word), atol=1e-6)
    assert np.array_equal(vectors.matrix, [library.get_word_vector(word) for word in vectors.words])
    assert not any(word in vectors for word in UNSEEN)


def test_neighbours_of_words_that_are_not_in_the_vocabulary(subword_model: Path) -> None:
    vectors, library = WordVectors.open(subword_model), fasttext.load_model(str(subword_model))
    (ours,) = vectors.most_similar(["größer"], k=3)
    theirs = [hit for hit in library.get_nearest_neighbors("größer", 4) if hit[1] != "</s>"][:3]
    assert [word for word, _ in ours] == [word for _, word in theirs]
    assert np.allclose([cosine for _, cosine in ours], [cosine for cosine, _ in theirs], atol=1e-5)
    assert len(vectors.analogy("groß", "größer", "klein", k=2)) == 2
    assert vectors.similarity("größer", "größe") > vectors.similarity("größer", "mond")
    assert vectors.sentence_vector(["größer"]).any()


def test_gensim_and_back(demo: DemoResult) -> None:
    vectors = WordVectors.open(demo.folder / "vectors")
    keyed = vectors.to_gensim()
    assert keyed.index_to_key == vectors.words
    assert np.array_equal(keyed["president"], vectors["president"])
    back = WordVectors.from_gensim(keyed)
    assert back.words == vectors.words
    assert np.array_equal(back.matrix, vectors.matrix)


def test_gensims_fasttext_vectors_keep_their_subwords(subword_model: Path) -> None:
    ours = WordVectors.open(subword_model)
    keyed = gensim.models.fasttext.load_facebook_vectors(str(subword_model))
    back = WordVectors.from_gensim(keyed)
    assert back.words == ours.words
    assert np.allclose(back.matrix, ours.matrix, atol=1e-6)
    for word in ("größer", "weltweit"):
        assert np.allclose(back[word], ours[word], atol=1e-6)


def test_spacy_and_back(demo: DemoResult) -> None:
    vectors = WordVectors.open(demo.folder / "vectors")
    nlp = vectors.to_spacy("en")
    document = nlp("the president unheard-of-word")
    assert np.array_equal(document[1].vector, vectors["president"])
    assert not document[2].has_vector
    expected = vectors.similarity("the", "president")
    assert document[0].similarity(document[1]) == pytest.approx(expected, abs=1e-5)
    back = WordVectors.from_spacy(nlp)
    assert back.words == vectors.words
    assert np.array_equal(back.matrix, vectors.matrix)
    own = spacy.blank("de")
    assert TOY.to_spacy(own) is own
    assert own.vocab["king"].vector.tolist() == [1, 1, 0]


def test_pipelines_without_vectors_per_word_are_refused() -> None:
    with pytest.raises(InputError, match="has no vectors"):
        WordVectors.from_spacy(spacy.blank("en"))
    nlp = spacy.blank("en")
    nlp.vocab.vectors = spacy.vectors.Vectors(
        data=np.zeros((10, 4), np.float32), mode="floret", minn=2, maxn=3, hash_count=1
    )
    with pytest.raises(InputError, match="floret"):
        WordVectors.from_spacy(nlp)


def test_a_classifiers_word_vectors_can_be_looked_up(demo: DemoResult) -> None:
    path = demo.folder / "classifier" / "model.bin"
    vectors, library = WordVectors.open(path), fasttext.load_model(str(path))
    for word in vectors.words[:50]:
        assert np.array_equal(vectors[word], library.get_word_vector(word))
