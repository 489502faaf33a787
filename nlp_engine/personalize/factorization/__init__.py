"""Factorization Machines as SageMaker has them: their data, a reference to train here, answers."""
