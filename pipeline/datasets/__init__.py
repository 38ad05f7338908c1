"""Datasets, and the readers of the files that describe them."""

from pipeline.datasets.dataset import BACKGROUND as BACKGROUND
from pipeline.datasets.dataset import SUBSETS as SUBSETS
from pipeline.datasets.dataset import Dataset as Dataset
from pipeline.datasets.dataset import Instance as Instance
from pipeline.datasets.dataset import Point as Point
from pipeline.datasets.dataset import Video as Video
from pipeline.datasets.load import load_dataset as load_dataset
from pipeline.datasets.load import read_annotations as read_annotations
from pipeline.datasets.manifest import dataset_name as dataset_name
from pipeline.datasets.validation import DatasetError as DatasetError
from pipeline.datasets.validation import Problem as Problem
from pipeline.datasets.validation import find_problems as find_problems
