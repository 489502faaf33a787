from __future__ import annotations

import json
from pathlib import Path

from tests.cli.commands import fail, succeed


def write_rows(path: Path) -> None:
    rows = [f"{'spam' if i % 5 == 0 else 'ham'};message {i} w{i}a w{i}b w{i}c" for i in range(50)]
    path.write_text("\n".join(["kind;body", *rows, ";no kind"]) + "\n")


def test_the_class_report_is_shown(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv")
    columns = ("--label", "kind", "--text", "body", "--delimiter", ";")
    shown = succeed("corpus", "label", tmp_path / "rows.csv", "-o", tmp_path / "out", *columns)
    assert "2 labels, 50 examples, 40 train, 5 validation, 5 test" in shown
    assert shown.split("ham")[1].split()[:4] == ["40", "32", "4", "4"]
    assert "warning: documents without label, left out: 1" in shown
    out = tmp_path / "json"
    shown = succeed("corpus", "label", tmp_path / "rows.csv", "-o", out, *columns, "--json")
    made = json.loads(shown)
    assert made["counts"]["without_label"] == 1


def test_what_goes_wrong_says_what_to_do(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv")
    (tmp_path / "more.txt").write_bytes(b"caf\xe9")
    out = ("-o", tmp_path / "out")
    assert "choose some by a pattern, e.g. --files" in fail("corpus", "label", tmp_path, *out)
    assert "has no column 'text'" in fail("corpus", "label", tmp_path / "rows.csv", *out)
    message = fail("corpus", "label", tmp_path / "more.txt", *out, "--label", "file")
    assert "line 1, byte 4: not UTF-8" in message
    assert not (tmp_path / "out").exists()
