"""Datasets, and the readers of the files that describe them."""

from pipeline.datasets.dataset import (
    BACKGROUND,
    SUBSETS,
    Dataset,
    Instance,
    Point,
    Subset,
    Video,
)
from pipeline.datasets.load import load_dataset, read_annotations
from pipeline.datasets.manifest import dataset_name
from pipeline.datasets.validation import (
    DatasetError,
    Problem,
    find_problems,
)

__all__ = [
    "BACKGROUND",
    "SUBSETS",
    "Dataset",
    "DatasetError",
    "Instance",
    "Point",
    "Problem",
    "Subset",
    "Video",
    "dataset_name",
    "find_problems",
    "load_dataset",
    "read_annotations",
]
