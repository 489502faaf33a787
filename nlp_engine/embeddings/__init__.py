"""Word vectors: settings, training, queries, evaluation."""
