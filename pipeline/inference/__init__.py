"""Detection with a trained model on new videos."""
