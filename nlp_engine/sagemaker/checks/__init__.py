"""What is checked before anything is sent (`aws`, `api`) or run here (`data`).

The errors say what to do.

Settings against their ranges are checked when the specification is read.
"""

from nlp_engine.sagemaker.checks.aws import check_for_sagemaker

__all__ = ["check_for_sagemaker"]
