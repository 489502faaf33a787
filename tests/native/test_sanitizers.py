"""The kernels under sanitizers, and compiled for another architecture where that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from nlp_engine.native import _native

NATIVE = Path(__file__).parents[2] / "nlp_engine" / "native"
KERNELS = sorted(str(path) for path in NATIVE.glob("*.cpp") if "bindings" not in path.name)
COMPILER = os.environ.get("CXX", "g++")
ENCODER = ["encoder", "separators", "utf8"]
ENTITIES = [
    "entity_graph",
    "form_text",
    "ranking",
    "separators",
    "sorted_strings",
    "spotter",
    "utf8",
]
QUANTIZER = ["quantizer", "separators"]
VECTORS = ["float_text", "separators", "subwords", "top_k"]
WIKITEXT = ["markup", "pages", "scanner", "scanner_links", "scanner_tables", "scanner_templates"]
WIKITEXT += ["separators", "site_rules", "tidy", "utf8", "wikitext"]
WORD2VEC = ["own_rows", "separators", "subword_table", "subwords", "word2vec", "word2vec_baseline"]
CLASSIFIER = ["classifier", "classifier_baseline", "fill_uniform", "json_texts", "line_features"]
CLASSIFIER += ["lone_buckets", "own_rows", "row_scores", "separators", "subwords", "utf8"]
AVX512 = ["-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mfma"]


@pytest.mark.parametrize(
    ("check", "kernels", "sanitizers"),
    [
        ("encoder_check", ENCODER, "address,undefined"),
        ("encoder_check", ENCODER, "thread"),
        ("entities_check", ENTITIES, "address,undefined"),
        ("entities_check", ENTITIES, "thread"),
        ("quantizer_check", QUANTIZER, "address,undefined"),
        ("quantizer_check", QUANTIZER, "thread"),
        ("row_scores_check", ["row_scores"], "address,undefined"),
        ("row_scores_check", ["row_scores"], "thread"),
        ("vectors_check", VECTORS, "address,undefined"),
        ("vectors_check", VECTORS, "thread"),
        ("wikitext_check", WIKITEXT, "address,undefined"),
    ],
)
def test_kernels_under_sanitizers(
    tmp_path: Path, check: str, kernels: list[str], sanitizers: str
) -> None:
    run_check(tmp_path, check, kernels, f"-fsanitize={sanitizers}")


# No thread sanitizer: threads write into each other's rows without locks, by design (Hogwild).
@pytest.mark.parametrize(
    ("check", "kernels"), [("word2vec_check", WORD2VEC), ("classifier_check", CLASSIFIER)]
)
def test_trainers_under_sanitizers(tmp_path: Path, check: str, kernels: list[str]) -> None:
    run_check(tmp_path, check, kernels, "-fsanitize=address,undefined", "-DNLP_BASELINE_ONLY")


@pytest.mark.full
@pytest.mark.parametrize(
    ("check", "kernels"), [("word2vec_check", WORD2VEC), ("classifier_check", CLASSIFIER)]
)
def test_trainers_vector_instructions_under_sanitizers(
    tmp_path: Path, check: str, kernels: list[str]
) -> None:
    if _native.best_instruction_set() != "avx512":
        pytest.skip("needs a processor with AVX-512")
    name = check.removesuffix("_check")
    kernels = [*kernels, f"{name}_avx2", f"{name}_avx512"]
    run_check(tmp_path, check, kernels, "-fsanitize=address,undefined", *AVX512)


def run_check(tmp_path: Path, check: str, kernels: list[str], *more_flags: str) -> None:
    program = str(tmp_path / "check")
    sources = [f"{Path(__file__).parent / check}.cpp", *(f"{NATIVE / k}.cpp" for k in kernels)]
    flags = ["-std=c++20", "-Og", "-g1", "-pthread", *more_flags]  # half of the time that -O1 takes
    flags += ["-fno-sanitize-recover=all", f"-I{NATIVE}"]
    subprocess.run([COMPILER, *flags, *sources, "-o", program], check=True)
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "0 failures\n"), done.stderr


SYNTAX_ONLY = ["-std=c++20", "-Wall", "-Werror", "-fsyntax-only"]


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernels_compile_without_x86_intrinsics(kernel: str) -> None:
    """For another architecture where its compiler is there, else as if for one."""
    arm64 = shutil.which("aarch64-linux-gnu-g++")  # of the package g++-aarch64-linux-gnu
    command = [arm64] if arm64 else [COMPILER, "-DNLP_BASELINE_ONLY"]
    assert subprocess.run([*command, *SYNTAX_ONLY, kernel], check=False).returncode == 0
