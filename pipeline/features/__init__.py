"""From pixels, others' files or nothing at all to the features of a video."""
