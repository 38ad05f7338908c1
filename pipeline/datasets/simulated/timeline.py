"""A dataset of real annotations without their videos: features are drawn over them."""

from dataclasses import replace
from pathlib import Path

from pipeline.datasets.dataset import Dataset, Instance, Subset, Video
from pipeline.datasets.simulated.config import SimulationConfig
from pipeline.datasets.thumos14 import Annotations, read_thumos14, video_of
from pipeline.datasets.validation import validate
from pipeline.errors import UsageError
from pipeline.seeds import generator_of

SIMULATED = "simulated"
# The annotations do not say how long a video is. It goes on after its last annotation
# for a time drawn from an exponential distribution whose mean is this share of what
# has been: about as much longer as THUMOS14's videos are.
TAIL_SHARE = 0.12


def simulated_dataset(folder: Path | None, config: SimulationConfig) -> Dataset:
    """THUMOS14's annotations, or any in that form, as a dataset without videos.

    Args:
        folder: Holds the annotations; None is what a user gets wrong.
        config: Says how many videos, and the seed of their choice and length.

    Raises:
        UsageError: There is no folder.
        InputNotFoundError: The folder holds no annotations.
        AnnotationError: What it holds cannot be used; all problems are listed.
    """
    if folder is None:
        raise UsageError(
            "--dataset simulated draws features over real annotations: say with "
            "--timeline which folder holds them, such as THUMOS14's official text "
            "files (Diving_val.txt, Diving_test.txt and so on)"
        )
    subsets = read_thumos14(folder)
    videos = tuple(
        simulated_video(folder, id, subset, instances, config.seed)
        for subset, annotations in subsets.items()
        for id, instances in chosen(annotations, config).items()
    )
    classes = tuple(sorted({label for video in videos for label in video.labels}))
    return validate(Dataset(SIMULATED, folder, folder, classes, videos))


def chosen(annotations: Annotations, config: SimulationConfig) -> Annotations:
    """As many of a subset's videos as are asked for, in their order.

    Each video draws a rank of its own, so that a larger number adds some to the same.
    """
    ranks = {
        id: generator_of(config.seed, f"rank of {id}").random() for id in annotations
    }
    first = sorted(annotations, key=lambda id: ranks[id])[: config.max_videos or None]
    return {id: annotations[id] for id in annotations if id in first}


def simulated_video(
    folder: Path, id: str, subset: Subset, instances: tuple[Instance, ...], seed: int
) -> Video:
    """A video with its instances, and a length."""
    last = max(instance.end_seconds for instance in instances)
    tail = generator_of(seed, f"tail of {id}").exponential(TAIL_SHARE * last)
    video = video_of(id, subset, instances, folder / id)
    return replace(video, duration_seconds=round(last + tail, 3))
