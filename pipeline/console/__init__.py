"""Messages of a run to the person who started it."""
