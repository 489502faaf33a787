"""A real catalogue, put at AWS's own pace against a stub that enforces it."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from nlp_engine.personalize.items import build_items
from nlp_engine.personalize.sending.datasets import DatasetRecords
from nlp_engine.personalize.sending.put import put
from tests.personalize.aws_stub import ITEMS_ARN, Stub, environment, serving

PRODUCTS = Path(os.environ.get("NLP_ENGINE_DATA", "")) / "recsys/retail-demo-store/products.yaml.gz"


@pytest.mark.full
@pytest.mark.skipif(
    not PRODUCTS.is_file(), reason="NLP_ENGINE_DATA has no recsys/retail-demo-store"
)
def test_retail_demo_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    yaml = pytest.importorskip("yaml")
    with gzip.open(PRODUCTS, "rt", encoding="utf-8") as file:
        products = yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    source = tmp_path / "products.jsonl"
    source.write_text("\n".join(map(json.dumps, products)), encoding="utf-8")
    build_items(
        source,
        tmp_path / "items",
        title="name",
        text=["description"],
        categories=["category", "style"],
        numbers=["price"],
    )
    records = DatasetRecords("items", tmp_path / "items", ITEMS_ARN)
    assert records.warnings == []
    stub = Stub(calls_per_second=10)
    with serving(stub) as url:
        for name, value in environment(url).items():
            monkeypatch.setenv(name, value)
        result = put(records, compare=False)
    assert (result.acknowledged, result.refused, result.calls) == (2465, [], 247)
    assert stub.ids("items") == {product["id"] for product in products}
