"""Datasets: what they are and where they are read from."""

from pipeline.datasets.dataset import (
    BACKGROUND,
    Dataset,
    Instance,
    Point,
    Subset,
    Video,
)
from pipeline.datasets.load import load_dataset, read_annotations
from pipeline.datasets.manifest import dataset_name
from pipeline.datasets.validation import DatasetError, beyond_end

__all__ = [
    "BACKGROUND",
    "Dataset",
    "DatasetError",
    "Instance",
    "Point",
    "Subset",
    "Video",
    "beyond_end",
    "dataset_name",
    "load_dataset",
    "read_annotations",
]
