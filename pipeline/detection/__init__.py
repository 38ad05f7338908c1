"""From class activation sequences to detections, and the files of both."""
