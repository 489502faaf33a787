"""Plain JSON requests are answered from bytes to bytes, and just as by Python's objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.classification.classifier import Classifier
from nlp_engine.sagemaker.endpoint import JSON, Endpoint
from nlp_engine.sagemaker.endpoint.answers import Labels
from tests.native.instructions import AVAILABLE
from tests.sagemaker.endpoint_models import TEXTS, TOPICS, train_models

LARGE = 1 << 20


class SlowLabels(Labels):
    """Has no quick way."""

    def answer_json(self, body: bytes, most_bytes: int) -> None:
        return None


class Ways(NamedTuple):
    classifier: Classifier
    labels: Labels
    quick: Endpoint
    slow: Endpoint


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Ways:
    folder = tmp_path_factory.mktemp("models")
    train_models(folder)
    classifier = Classifier.open(folder / "model.bin", threads=1)
    labels = Labels(classifier)
    return Ways(classifier, labels, Endpoint(labels), Endpoint(SlowLabels(classifier)))


def check_alike(ways: Ways, body: bytes) -> None:
    quick, slow = ways.quick.invoke(body, JSON), ways.slow.invoke(body, JSON)
    assert quick._replace(body=b"") == slow._replace(body=b"")
    if quick.status == 200:
        assert json.loads(quick.body) == json.loads(slow.body)
        assert all(type(p) is float for answer in json.loads(quick.body) for p in answer["prob"])
    else:
        assert quick.body == slow.body


WORDS = st.sampled_from([*" ".join(TEXTS).split(" "), "\n", '"', "\\", "\u2028", "😀", "\x7f"])
REQUESTS = st.fixed_dictionaries(
    {"instances": st.lists(st.lists(WORDS, max_size=6).map(" ".join) | st.text(max_size=9))},
    optional={"configuration": st.fixed_dictionaries({}, optional={"k": st.integers(1, 5)})},
)


@given(REQUESTS, st.booleans(), st.sampled_from([None, 1, "\t"]), st.booleans())
def test_plain_requests_have_the_quick_way(
    ways: Ways, request: dict[str, Any], ascii_only: bool, indent: Any, reverse: bool
) -> None:
    if reverse:
        request = dict(reversed(request.items()))
    text = json.dumps(request, ensure_ascii=ascii_only, indent=indent)
    # Half a character is no UTF-8, and refused in either way.
    body = text.encode("utf-8", "surrogatepass")
    plain = not any("\ud800" <= c <= "\udfff" for t in request["instances"] for c in t)
    assert (ways.labels.answer_json(body, LARGE) is not None) == plain
    check_alike(ways, body)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b'{"instances": []}', b'{"instances": [""]}', b'{"instances": "a"}',
        b'{"instances": ["a"]} x', b'{"instances": ["a"],}', b'{"instances": ["a",]}',
        b'{"instances": ["a"], "instances": ["b"]}', b'{"instances": [1]}',
        b'{"instances": ["a"], "configuration": null}', b'{"instances": ["a\nb"]}',
        b'{"instances": ["a"], "configuration": {"k": 0}}',
        b'{"instances": ["a"], "configuration": {"k": -1}}',
        b'{"instances": ["a"], "configuration": {"k": 01}}',
        b'{"instances": ["a"], "configuration": {"k": 2.0}}',
        b'{"instances": ["a"], "configuration": {"k": 12345678901234567890}}',
        b'{"instances": ["a"], "configuration": {"k": 1, "k": 2}}',
        b'{"instances": ["a"], "configuration": {"links": true}}',
        b'{"instances": ["\\ud83d\\ude00 \\u0041\\u00fc \\/ \\b"]}', b'{"instances": ["\\ud83d"]}',
        b'{"instances": ["\\ude00\\ud83d"]}', b'{"instances": ["\\ud83d\\u0041"]}',
        b'{"instances": ["\\u12"]}', b'{"instances": ["\\u-123"]}', b'{"instances": ["\\x41"]}',
        b'{"instances": ["\xff"]}', b'{"instances": ["\xc3"]}', b'{"instances": ["\xed\xa0\x80"]}',
        b'\xef\xbb\xbf{"instances": ["a"]}', b'{"instances": ["a\x00"]}',
        b'{"instances": ["a"]}\x00',
        b'{"instances": ["\\u0000 apple"]}', b'{"inst\\u0061nces": ["apple"]}',
    ],
)  # fmt: skip
def test_other_requests_are_answered_as_ever(ways: Ways, body: bytes) -> None:
    check_alike(ways, body)


@given(REQUESTS, st.data())
def test_damaged_requests_are_answered_as_ever(
    ways: Ways, request: dict[str, Any], data: st.DataObject
) -> None:
    body = bytearray(json.dumps(request, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body)))
        cut = data.draw(st.integers(0, 2))
        body[at : at + cut] = data.draw(
            st.binary(max_size=2) | st.sampled_from(list(b'"\\{}[]:,0')).map(lambda b: bytes([b]))
        )
    check_alike(ways, bytes(body))


# At the borders of UTF-8's ranges.
BYTES = [0x61, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED,
         0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF]  # fmt: skip
PARTS = st.sampled_from([bytes([byte]) for byte in BYTES] + [c.encode() for c in "éßÿ日\ufffd😀"])


@pytest.mark.parametrize("instructions", AVAILABLE)
@given(st.integers(0, 70), st.lists(PARTS, max_size=8).map(b"".join), st.integers(0, 70))
def test_bytes_that_are_no_utf8_are_found(
    ways: Ways, instructions: str, before: int, odd: bytes, behind: int
) -> None:
    text = b"\xc3\xa9" * (before // 2) + b"a" * (before % 2) + odd + b"a" * behind
    try:
        text.decode()
    except UnicodeDecodeError:
        valid = False
    else:
        valid = True
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NLP_ENGINE_INSTRUCTIONS", instructions)
        answers = ways.classifier.json_labels(ways.classifier.label_names)
    assert (answers.answer(b'{"instances": ["' + text + b'"]}', LARGE) is not None) == valid


def test_scores_that_are_no_numbers_are_null(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("models")
    train_models(folder)
    labels, dim = len(TOPICS), 10
    outputs = np.full(labels * dim, np.nan, np.float32).tobytes()
    model = (folder / "model.bin").read_bytes()
    (tmp_path / "model.bin").write_bytes(model[: -len(outputs)] + outputs)
    classifier = Classifier.open(tmp_path / "model.bin", threads=1)
    body = b'{"instances": ["apple"], "configuration": {"k": 3}}'
    for kind in (Labels, SlowLabels):
        found = json.loads(Endpoint(kind(classifier)).invoke(body, JSON).body)
        assert found[0]["prob"] == [None] * labels


def test_too_large_answers_are_refused_as_ever(ways: Ways) -> None:
    body = json.dumps({"instances": ["a"] * 100, "configuration": {"k": 3}}).encode()
    assert ways.labels.answer_json(body, LARGE) is not None
    assert ways.labels.answer_json(body, 1000) is None
