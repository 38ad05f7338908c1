"""The content of a work folder, and its removable parts."""
