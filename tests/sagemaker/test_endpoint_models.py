"""What may stand for MODEL, and what is refused."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nlp_engine.classification.train import train_classifier
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.errors import InputError
from nlp_engine.personalize.factorization.machine import FactorizationMachine
from nlp_engine.sagemaker.endpoint import JSON, Endpoint
from nlp_engine.wiki.extract import extract_dumps
from tests.fasttext_library import quantize_with_library
from tests.sagemaker.endpoint_models import train_models


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    train_models(folder)
    return folder


@pytest.fixture
def kb(tmp_path: Path, toy_dump: Path) -> Path:
    extract_dumps([toy_dump], tmp_path / "extracted")
    KnowledgeBase.build(tmp_path / "extracted", tmp_path / "kb")
    return tmp_path / "kb"


def first(path: Path, text: str = "apple") -> Any:
    response = Endpoint.open(path).invoke(json.dumps({"instances": [text]}).encode(), JSON)
    assert response.status == 200
    return json.loads(response.body)[0]


def pack(archive: Path, **files: Path) -> Path:
    with tarfile.open(archive, "w:gz") as made:
        for name, file in files.items():
            made.add(file, name.replace("__", "/").replace("_bin", ".bin"))
    return archive


def test_files_folders_and_archives_answer_alike(trained: Path, tmp_path: Path) -> None:
    labels, vectors = trained / "model.bin", trained / "vectors.bin"
    (tmp_path / "any").mkdir()
    shutil.copy(labels, tmp_path / "any" / "langid.bin")
    both = tmp_path / "packed"
    both.mkdir()
    pack(both / "model.tar.gz", model_bin=labels)
    places = [
        tmp_path / "any" / "langid.bin",
        tmp_path / "any",
        pack(tmp_path / "langid.tar.gz", model_bin=labels),
        pack(tmp_path / "deep.tar.gz", model__model_bin=labels),
        both,
    ]
    expected = first(labels)
    assert expected["label"] == ["__label__fruit"]
    assert [first(place) for place in places] == [expected] * len(places)
    archive = pack(tmp_path / "model.tar.gz", vectors_bin=vectors)
    assert first(archive, "applepear") == first(vectors, "applepear")


def test_nothing_of_an_archive_is_left_behind(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    archive = pack(tmp_path / "model.tar.gz", model_bin=trained / "model.bin")
    endpoint = Endpoint.open(archive)
    assert list((tmp_path / "scratch").iterdir()) == []
    assert endpoint.invoke(b'{"instances": ["apple"]}').status == 200


def test_quantised_classifiers_answer(trained: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.ftz"
    library = quantize_with_library(
        trained / "model.bin", model, input=str(trained / "train.txt"), qnorm=True
    )
    for path in (model, tmp_path):
        assert first(path, "zinc gold")["label"] == list(library.predict("zinc gold")[0])


def test_text_vectors_alone_are_a_model(trained: Path, tmp_path: Path) -> None:
    opened = WordVectors.open(trained / "vectors.bin")
    opened.save(tmp_path / "vectors.txt")
    assert first(tmp_path)["vector"] == pytest.approx(opened["apple"].tolist(), abs=1e-5)
    assert first(tmp_path / "vectors.txt", "applepear")["vector"] == [0.0] * 10


def test_folders_of_this_package(trained: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"min_count": 1, "buckets": 10, "vector_dim": 4, "threads": 1}
    train_classifier(trained / "train.txt", tmp_path / "classifier", **options)
    assert first(tmp_path / "classifier") == first(tmp_path / "classifier" / "model.bin")


def test_a_knowledge_base_answers_with_links(kb: Path) -> None:
    text = "Tim Cook runs Apple in Cupertino."
    links = first(kb, text)
    assert [text[link["start"] : link["end"]] for link in links] == [
        link["mention"] for link in links
    ]
    cook = links[0]
    assert (cook["start"], cook["end"], cook["title"]) == (0, 8, "Tim Cook")
    assert cook["page_id"] == 3
    expected = {"commonness", "link_probability", "coherence", "rho", "probability"}
    assert expected <= cook.keys()
    assert all(0 <= cook[name] <= 1 for name in expected)
    lines = Endpoint.open(kb).invoke(json.dumps({"source": text}).encode(), "application/jsonlines")
    assert json.loads(lines.body) == links


def test_links_beside_labels_where_they_are_asked_for(trained: Path, kb: Path) -> None:
    endpoint = Endpoint.open(trained / "model.bin", kb=kb)
    text = "Tim Cook runs Apple in Cupertino."
    request: dict[str, Any] = {"instances": [text], "configuration": {"links": True}}
    (linked,) = json.loads(endpoint.invoke(json.dumps(request).encode()).body)
    assert linked.pop("links") == first(kb, text)
    assert linked == first(trained / "model.bin", text)
    lines = "\n".join(json.dumps({"source": text, "links": asked}) for asked in (True, False))
    response = endpoint.invoke(lines.encode(), "application/jsonlines")
    assert ["links" in json.loads(line) for line in response.body.splitlines()] == [True, False]


def test_other_folders_and_files_are_no_models(tmp_path: Path, trained: Path, kb: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "two").mkdir()
    for name in ("a.bin", "b.bin"):
        shutil.copy(trained / "model.bin", tmp_path / "two" / name)
    (tmp_path / "cut.bin").write_bytes((trained / "model.bin").read_bytes()[:500])
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "nothing.bin").write_bytes(b"")
    for place, message in {
        "none": "does not exist",
        "empty": "holds no model; expected a folder of this package, model.bin",
        "two": "has a.bin, b.bin; leave one",
        "cut.bin": "cut short or damaged",
        "noise.bin": "noise.bin",
        "nothing.bin": "nothing.bin",
        "extracted": "expected the folder",
    }.items():
        with pytest.raises(InputError, match=message):
            Endpoint.open(tmp_path / place)


def test_a_factorization_machine_answers_as_sagemakers_does(tmp_path: Path) -> None:
    machine = FactorizationMachine(
        predictor_type="binary_classifier",
        bias=np.array([0.5], np.float32),
        linear=np.array([1, -2, 0], np.float32),
        factors=np.array([[1], [0], [2]], np.float32),
    )
    machine.save(tmp_path / "fm")
    endpoint = Endpoint.open(tmp_path / "fm")
    sparse = {"keys": [0, 2], "shape": [3], "values": [1, 1]}
    instances = [{"data": {"features": sparse}}, {"features": [0, 1, 0]}]
    response = endpoint.invoke(json.dumps({"instances": instances}).encode(), JSON)
    assert (response.status, response.content_type, response.instances) == (200, JSON, 2)
    first, second = json.loads(response.body)["predictions"]
    # 0.5 + 1 + 1 * 2 and 0.5 - 2, as probabilities.
    assert first == {"score": pytest.approx(1 / (1 + np.exp(-3.5))), "predicted_label": 1}
    assert second == {"score": pytest.approx(1 / (1 + np.exp(1.5))), "predicted_label": 0}
    assert endpoint.invoke(b"1,0,1", "text/csv").status == 415
    refused = endpoint.invoke(b'{"instances": [{"features": [1]}]}', JSON)
    assert refused.status == 400 and b"instance 1: shape [1]; the model has 3" in refused.body
