"""From features and clicks to a trained model."""
