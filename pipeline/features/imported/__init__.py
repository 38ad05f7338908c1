"""Import of features that other software extracted, with the times of the snippets."""
