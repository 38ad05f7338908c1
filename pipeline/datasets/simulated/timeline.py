"""Datasets of real annotations without videos, over which features are drawn."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pipeline.datasets.dataset import Dataset, Instance, Subset, Video
from pipeline.datasets.simulated.config import SimulationConfig
from pipeline.datasets.thumos14 import read_thumos14, video_of
from pipeline.datasets.validation import validate
from pipeline.errors import UsageError
from pipeline.seeds import generator_of

SIMULATED = "simulated"
# The annotations do not state the length of a video. The time after its last annotation
# is drawn from an exponential distribution whose mean is this share of the time before,
# which is about right for THUMOS14.
TAIL_SHARE = 0.12


def simulated_dataset(folder: Path | None, config: SimulationConfig) -> Dataset:
    """Load annotations in THUMOS14's format as a dataset without videos.

    The config tells the number of videos, and the seed for their choice and length.

    Raises:
        UsageError: If no folder is given.
        InputNotFoundError: If the folder contains no annotations.
        AnnotationError: If its annotations cannot be used. All problems are listed.
    """
    if folder is None:
        raise UsageError(
            "--dataset simulated draws features over real annotations; expected their "
            "folder, found none; give it with --timeline, such as the folder of "
            "THUMOS14's official text files (Diving_val.txt, Diving_test.txt and so on)"
        )
    videos = tuple(
        _video(folder, id, subset, annotations[id], config.seed)
        for subset, annotations in read_thumos14(folder).items()
        for id in _chosen(annotations, config)
    )
    classes = tuple(sorted({label for video in videos for label in video.labels}))
    return validate(Dataset(SIMULATED, folder, folder, classes, videos))


def _chosen(ids: Iterable[str], config: SimulationConfig) -> list[str]:
    """Draw the configured number of a subset's videos, and keep their order.

    Each video has its own random rank, so that a larger number only adds videos.
    """
    ranks = {id: generator_of(config.seed, f"rank of {id}").random() for id in ids}
    first = sorted(ranks, key=ranks.__getitem__)[: config.max_videos or None]
    return [id for id in ranks if id in first]


def _video(
    folder: Path, id: str, subset: Subset, instances: tuple[Instance, ...], seed: int
) -> Video:
    """Build a video with its instances and a random duration."""
    last = max(instance.end_seconds for instance in instances)
    tail = generator_of(seed, f"tail of {id}").exponential(TAIL_SHARE * last)
    video = video_of(id, subset, instances, folder / id)
    return replace(video, duration_seconds=round(last + tail, 3))
