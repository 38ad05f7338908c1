"""Single-frame annotations: `points` in the code, clicks to annotators."""

from pipeline.points.formats import read_points, write_points
from pipeline.points.human import HumanClicks, read_human_clicks
from pipeline.points.simulation import PointConfig, simulate_points

__all__ = [
    "HumanClicks",
    "PointConfig",
    "read_human_clicks",
    "read_points",
    "simulate_points",
    "write_points",
]
