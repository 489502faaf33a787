"""The search for a classifier's settings: what `nlp_engine tune` does."""
