"""Model files of others: one module per format."""
