"""What is checked before anything is sent or run; the errors say what to do.

Settings against their ranges are checked when the specification is read.
"""

from nlp_engine.sagemaker.checks.aws import check_for_sagemaker
from nlp_engine.sagemaker.checks.data import check_files

__all__ = ["check_files", "check_for_sagemaker"]
