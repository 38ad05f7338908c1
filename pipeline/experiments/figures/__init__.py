"""The paper's figures, and one beyond it."""
