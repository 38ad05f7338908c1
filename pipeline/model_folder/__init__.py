"""The folder that holds a trained model."""
