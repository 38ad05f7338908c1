"""The paper's tables and figures, each a command."""
