"""Job specifications for tests, each a change of one."""

from __future__ import annotations

from pathlib import Path

from nlp_engine.sagemaker.spec import JobSpec
from nlp_engine.sagemaker.spec_file import read_spec

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/SageMaker"
OUR_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/nlp-engine:1"

AWS = f"""
[sagemaker]
role = "{ROLE}"
output = "s3://bucket/models"
region = "{REGION}"
"""

VECTORS = f"""
name = "text8-vectors"

[data]
train = "s3://bucket/text8"

[hyperparameters]
mode = "batch_skipgram"
vector_dim = 10
min_count = 1
evaluation = false
{AWS}
"""

CLASSIFIER = f"""
name = "dbpedia"

[data]
train = "s3://bucket/dbpedia.train"
validation = "s3://bucket/dbpedia.validation"

[hyperparameters]
mode = "supervised"
epochs = 10
min_count = 2
early_stopping = true
{AWS}
[instance]
type = "ml.c5.4xlarge"
max_seconds = 1800

[tuning]
objective = "validation:accuracy"

[tuning.ranges]
learning_rate = {{ min = 0.005, max = 0.5, scaling = "Logarithmic" }}
vector_dim = {{ min = 32, max = 300 }}

[endpoint]
instance_type = "ml.m5.xlarge"
instance_count = 2

[transform]
input = "s3://bucket/batch/"
output = "s3://bucket/answers"
"""

LABELLED = (
    "__label__fruit apples and pears grow on old trees\n"
    "__label__metal iron and copper melt in hot furnaces\n"
) * 20
SMALL = ("min_count = 2", "min_count = 1\nbuckets = 1000")
RANGES = "\n[tuning.ranges]" + CLASSIFIER.partition("[tuning.ranges]")[2].partition("[endpoint]")[0]
TUNING = """max_jobs = 4
max_parallel_jobs = 1
seed = 1
[tuning.ranges]
learning_rate = { min = 0.00001, max = 1.0, scaling = "Logarithmic" }
vector_dim = { min = 2, max = 8 }
word_ngrams = [1, 2]
"""


def write_spec(folder: Path, text: str = VECTORS, *changes: tuple[str, str]) -> Path:
    """Write a specification with some of its text changed."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "job.toml"
    path.write_text(text, encoding="utf-8")
    return path


def make_spec(folder: Path, text: str = VECTORS, *changes: tuple[str, str]) -> JobSpec:
    """A specification with some of its text changed."""
    return read_spec(write_spec(folder, text, *changes))


def classifier_spec(folder: Path, *changes: tuple[str, str], tuning: str = "") -> JobSpec:
    """A classifier's job with local data and, if given, another `[tuning]`."""
    (folder / "labelled.txt").write_text(LABELLED)
    channels = [
        (f"s3://bucket/dbpedia.{name}", f"{folder}/labelled.txt")
        for name in ("train", "validation")
    ]
    searched = [(RANGES, tuning)] if tuning else []
    return make_spec(folder, CLASSIFIER, SMALL, *channels, *searched, *changes)
