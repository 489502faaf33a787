"""SageMaker's training container: `/opt/ml` in, model files out, as BlazingText keeps it."""

from nlp_engine.sagemaker.container.process import main
from nlp_engine.sagemaker.container.training import ML_ROOT, train

__all__ = ["ML_ROOT", "main", "train"]
