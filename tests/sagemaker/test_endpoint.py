"""What `/invocations` takes and gives, in this process."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from nlp_engine.classification.classifier import Classifier
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.sagemaker.endpoint import CSV, JSON, JSON_LINES, Endpoint
from tests.sagemaker.endpoint_models import TEXTS, TOPICS, train_models


class Models(NamedTuple):
    labels: Endpoint
    vectors: Endpoint
    fasttext_labels: Any
    fasttext_vectors: Any
    folder: Path


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    folder = tmp_path_factory.mktemp("models")
    labels, vectors = train_models(folder)
    return Models(
        Endpoint.open(folder / "model.bin"),
        Endpoint.open(folder / "vectors.bin"),
        labels,
        vectors,
        folder,
    )


def ask(endpoint: Endpoint, request: Any) -> Any:
    response = endpoint.invoke(json.dumps(request).encode(), JSON)
    assert (response.status, response.content_type) == (200, JSON), response.body
    return json.loads(response.body)


@pytest.mark.parametrize("k", [1, 2, 3, 1_000_000])
def test_labels_are_those_of_fasttext(models: Models, k: int) -> None:
    answers = ask(models.labels, {"instances": TEXTS, "configuration": {"k": k}})
    assert len(answers) == len(TEXTS)
    for text, answer in zip(TEXTS, answers, strict=True):
        labels, probabilities = models.fasttext_labels.predict(text, k=min(k, 3))
        assert set(answer) == {"label", "prob"}
        assert answer["label"] == list(labels)
        # fastText's may be a little above 1.
        assert answer["prob"] == pytest.approx(np.minimum(probabilities, 1), abs=1e-6)


def test_numbers_are_single_precision_with_all_their_digits(models: Models) -> None:
    (answer,) = ask(models.labels, {"instances": ["apple iron"]})
    (vector,) = ask(models.vectors, {"instances": ["apple"]})
    for number in (*answer["prob"], *vector["vector"]):
        assert number == float(np.float32(number))
    # A double of this value has more digits than single precision's shortest text.
    assert len(f"{vector['vector'][0]!r}") > 12


def test_vectors_are_those_of_fasttext_for_unseen_words_too(models: Models) -> None:
    words = ["apple", "applepear", "größer"]
    answers = ask(models.vectors, {"instances": words})
    assert [answer["word"] for answer in answers] == words
    for word, answer in zip(words, answers, strict=True):
        expected = models.fasttext_vectors.get_word_vector(word)
        assert answer["vector"] == pytest.approx(expected.tolist(), abs=1e-6)
        assert any(answer["vector"])


def test_unseen_words_have_zeros_without_sub_words() -> None:
    endpoint = Endpoint(WordVectors(["a", "b"], np.array([[1, 2.5], [3, 0.1]], np.float32)))
    known, unknown = ask(endpoint, {"instances": ["b", "muie"]})
    assert known == {"vector": [3.0, 0.10000000149011612], "word": "b"}
    assert unknown == {"vector": [0.0, 0.0], "word": "muie"}


def test_labels_keep_what_they_were_called(tmp_path: Path) -> None:
    from nlp_engine.classification.train import train_classifier

    lines = [f"__label__{name} {word}" for name, word in (("a_b", "x"), ("c", "y"))] * 20
    (tmp_path / "train.txt").write_text("\n".join(lines) + "\n")
    options: dict[str, Any] = {"min_count": 1, "buckets": 10, "vector_dim": 4, "threads": 1}
    train_classifier(tmp_path / "train.txt", tmp_path / "out", **options)
    (tmp_path / "out" / "labels.json").write_text('{"__label__a_b": "a b", "__label__c": "c"}')
    classifier = Classifier.open(tmp_path / "out" / "model.bin")
    assert "a b" in classifier.label_names
    answers = ask(Endpoint(classifier), {"instances": ["x"], "configuration": {"k": 2}})
    assert sorted(answers[0]["label"]) == ["__label__a_b", "__label__c"]


def test_json_lines_have_a_k_of_their_own_and_further_keys(models: Models) -> None:
    body = (
        b'{"source": "apple", "id": 7}\n\n'
        b'{"k": 2, "source": "iron tin", "label": 1}\r\n'
        b'{"source": "song", "k": 1000000}\n'
    )
    for kind in (
        "application/jsonlines",
        "application/jsonlines;data=text",
        "Application/JsonLines",
    ):
        response = models.labels.invoke(body, kind, accept="text/csv")  # differs: ignored
        assert (response.status, response.content_type) == (200, JSON_LINES)
        lines = [json.loads(line) for line in response.body.splitlines()]
        assert [len(line["label"]) for line in lines] == [1, 2, 3]
        assert [line["label"][0] for line in lines] == [
            "__label__fruit", "__label__metal", "__label__music",
        ]  # fmt: skip
        assert response.instances == 3


def test_vectors_come_over_json_lines_too(models: Models) -> None:
    response = models.vectors.invoke(b'{"source": "apple"}\n{"source": "pear"}', JSON_LINES)
    lines = [json.loads(line) for line in response.body.splitlines()]
    assert lines == ask(models.vectors, {"instances": ["apple", "pear"]})


def csv_rows(endpoint: Endpoint, body: str, kind: str = CSV, accept: str = "") -> Sequence[str]:
    response = endpoint.invoke(body.encode(), kind, accept)
    assert (response.status, response.content_type) == (200, CSV), response.body
    return response.body.decode().splitlines()


def test_csv_has_a_text_per_row_and_gives_label_and_probability(models: Models) -> None:
    answers = ask(models.labels, {"instances": ["apple, pear", 'iron "tin"']})
    rows = csv_rows(models.labels, '"apple, pear"\r\n"iron ""tin"""\r\n')
    assert rows == [f"{answer['label'][0]},{answer['prob'][0]}" for answer in answers]
    rows = csv_rows(models.labels, "text\napple\n", 'text/csv; Header="Present"; k=2')
    (answer,) = ask(models.labels, {"instances": ["apple"], "configuration": {"k": 2}})
    labels, probabilities = (json.dumps(answer[key], separators=(",", ":")) for key in
                             ("label", "prob"))  # fmt: skip
    assert rows == ['"' + labels.replace('"', '""') + f'","{probabilities}"']
    (vector,) = ask(models.vectors, {"instances": ["apple"]})
    assert csv_rows(models.vectors, "apple") == ["apple," + ",".join(map(str, vector["vector"]))]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [(JSON, JSON), ("application/jsonlines, */*", JSON_LINES), ("*/*", CSV), ("text/html", CSV)],
)
def test_csv_gives_what_is_accepted(models: Models, accept: str, kind: str) -> None:
    response = models.labels.invoke(b"apple\n", CSV, accept)
    assert (response.status, response.content_type) == (200, kind)


def test_nothing_asked_is_nothing_answered(models: Models) -> None:
    assert ask(models.labels, {"instances": []}) == []
    assert models.labels.invoke(b"", JSON_LINES).body == b""
    assert models.labels.invoke(b"", CSV).body == b""


def test_texts_without_features_have_no_labels(models: Models, tmp_path: Path) -> None:
    # fastText's line end is a word where the training text had lines; here its vocabulary has none.
    for k in (1, 2):
        empty, full = ask(models.labels, {"instances": ["", "apple"], "configuration": {"k": k}})
        expected, _ = models.fasttext_labels.predict("", k=k)
        assert empty["label"] == list(expected)
        assert len(full["label"]) == k


NOT_DECODED = (
    "Customer Error: Unable to decode payload: Incorrect data format. (caused by ValueError)"
)


@pytest.mark.parametrize(
    ("body", "kind", "status", "message"),
    [
        (b"{}", "application/octet-stream", 415,
         "content-type application/octet-stream not supported"),
        (b"<a/>", "Application/XML; charset=utf-8", 415,
         "content-type application/xml not supported"),
        (b"{half", JSON, 400, NOT_DECODED),
        (b"", JSON, 400, NOT_DECODED),
        (b"\xff\xfe\x00", JSON, 400, NOT_DECODED),
        (b'{"instances": ["\xc3"]}', JSON, 400, NOT_DECODED),
        (b'{"instances": [NaN]}', JSON, 400, NOT_DECODED),
        (b'{"instances": ["a"], "configuration": {"k": NaN}}', JSON, 400, NOT_DECODED),
        (b'{"instances": ["a"], "configuration": {"k": Infinity}}', JSON, 400, NOT_DECODED),
        (b"[" * 100_000, JSON, 400, NOT_DECODED),
        (b'{"instances": ' + b"[" * 5000 + b"]" * 5000 + b"}", JSON, 400, NOT_DECODED),
        (b'{"source": "a"}\n{"source"', JSON_LINES, 400, NOT_DECODED),
        (b"\xff", CSV, 400, NOT_DECODED),
        (b'"open', CSV, 400, NOT_DECODED),
        (b"a", "text/csv; k=many", 400, 'k is "many"; it must be a positive integer'),
        (b"a", "text/csv; k=1.0", 400, 'k is "1.0"'),
        (b"a", "text/csv; k=" + "9" * 5000, 400, 'k is "99999'),
        (b"a", "text/csv; header=yes", 400, 'header is "yes"; it must be present or absent'),
        (b"{}", JSON, 400, 'Customer Error: expected {"instances": ["\u2026", \u2026]}'),
        (b'{"instances": "text"}', JSON, 400, 'Customer Error: expected {"instances": '),
        (b'{"instances": ["a", 1]}', JSON, 400, "instance 2 is 1, not a text"),
        (b'{"instances": [null]}', JSON, 400, "instance 1 is null, not a text"),
        (b'{"instances": [{"text": "a"}]}', JSON, 400, "instance 1 is an object, not a text"),
        (b'{"instances": ["a"], "configuration": 3}', JSON, 400, "expected {\"configuration\""),
        (b'{"instances": ["a"], "configuration": {"k": 0}}', JSON, 400, "k is 0; it must be"),
        (b'{"instances": ["a"], "configuration": {"k": true}}', JSON, 400, "k is true"),
        (b'{"instances": ["a"], "configuration": {"k": null}}', JSON, 400, "k is null"),
        (b'{"instances": ["a"], "configuration": {"k": 1.0}}', JSON, 400, "k is 1.0"),
        (b'{"instances": ["a"], "configuration": {"k": ' + b"[" * 1000 + b"]" * 1000 + b"}}",
         JSON, 400, "k is a list"),
        (b'{"instances": ["a"], "configuration": []}', JSON, 400, 'expected {"configuration"'),
        (b'{"instances": ["a"], "configuration": {"k": 1e300}}', JSON, 400, "k is 1e+300"),
        (b'{"instances": ["a"], "configuration": {"k": "2"}}', JSON, 400, 'k is "2"'),
        (b'{"text": "a"}', JSON_LINES, 400, 'record 1: expected {"source": '),
        (b"[1]", JSON_LINES, 400, 'record 1: expected {"source": '),
        (b'{"source": "a"}\r\n\r\n{"source": "a", "k": 0}', JSON_LINES, 400, "record 2: k is 0;"),
        (b'{"source": "a", "links": true}', JSON_LINES, 400, "no knowledge base"),
        (b'{"source": "a", "links": "x"}', JSON_LINES, 400, 'record 1: links is "x"; it'),
        (b"one\ntwo, three\n", CSV, 400, "row 2 has 2 columns"),
        (b"a", "text/csv; k=0", 400, "k is 0"),
    ],
)  # fmt: skip
def test_bad_requests_get_a_status_and_a_reason(
    models: Models, body: bytes, kind: str, status: int, message: str
) -> None:
    response = models.labels.invoke(body, kind)
    text = response.body.decode()
    assert response.status == status, text
    if message == NOT_DECODED or status == 415:
        assert text == message
    else:
        assert text.startswith("Customer Error: ") and message in text


def test_errors_are_short_whatever_a_client_has_sent(models: Models) -> None:
    for name in ("k", "links"):
        body = {"instances": ["a"], "configuration": {name: "x" * 1_000_000}}
        response = models.labels.invoke(json.dumps(body).encode())
        assert response.status == 400 and len(response.body) < 200
        assert response.body.startswith(f'Customer Error: {name} is "xxx'.encode())


def test_very_many_and_very_long_texts(models: Models) -> None:
    words = [word for words in TOPICS.values() for word in words.split()]
    texts = [" ".join(words), "x " * 100_000, *(["apple"] * 5000)]
    answers = ask(models.labels, {"instances": texts})
    assert len(answers) == len(texts)
    assert all(math.isfinite(answer["prob"][0]) for answer in answers)


def test_long_texts_come_as_csv_too(models: Models) -> None:
    text = "apple " * 50_000
    rows = csv_rows(models.labels, f'"{text}"\n"iron, tin"\n')
    assert [row.partition(",")[0] for row in rows] == ["__label__fruit", "__label__metal"]


def test_answers_larger_than_memory_are_refused() -> None:
    endpoint = Endpoint(WordVectors(["a"], np.ones((1, 2000), np.float32)))
    assert len(ask(endpoint, {"instances": ["a"] * 100})) == 100
    response = endpoint.invoke(json.dumps({"instances": ["a"] * 10_000}).encode())
    assert response.status == 400
    assert b"about 419 MiB, more than 256; ask for fewer" in response.body
