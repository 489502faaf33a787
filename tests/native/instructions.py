"""The instruction sets that kernels are compiled for, and those of this processor."""

from __future__ import annotations

from nlp_engine.native import _native

INSTRUCTIONS = ["baseline", "avx2", "avx512"]
AVAILABLE = INSTRUCTIONS[: INSTRUCTIONS.index(_native.best_instruction_set()) + 1]
