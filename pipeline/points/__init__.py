"""Single-frame annotations: `points` in the code, clicks to annotators."""
