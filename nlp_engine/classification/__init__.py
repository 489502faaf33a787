"""Text classifiers: settings, training, prediction, evaluation."""
