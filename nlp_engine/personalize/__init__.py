"""Amazon Personalize: item metadata that imports at the first try."""
