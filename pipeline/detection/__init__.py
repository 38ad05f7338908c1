"""Detections read off class activation sequences, and the files that hold both."""
