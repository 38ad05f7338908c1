"""Single-frame annotations: points in the field's words, clicks to who makes them."""

from pipeline.points.file import read_points, write_points
from pipeline.points.simulation import PointConfig, simulate_points

__all__ = ["PointConfig", "read_points", "simulate_points", "write_points"]
