"""Text vectors as columns that Personalize takes: clusters, product quantisation, PCA."""
