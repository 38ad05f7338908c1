"""The file formats of clicks, one module each."""

from pipeline.points.formats.points_csv import read_points as read_points
from pipeline.points.formats.points_csv import write_points as write_points
from pipeline.points.formats.reading import Click as Click
from pipeline.points.formats.reading import read_click_file as read_click_file
