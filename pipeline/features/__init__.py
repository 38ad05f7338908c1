"""Features of videos: extracted from pixels, imported from files or simulated."""
