"""Training of a model from features and clicks."""
