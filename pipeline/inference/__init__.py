"""A trained model on new videos."""
