"""The engine: what was asked for, what is done and what is due."""
