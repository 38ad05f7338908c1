"""An examination of the machine: what the project needs, and how to get it."""
