"""The figures of the paper, and one more about active learning."""
