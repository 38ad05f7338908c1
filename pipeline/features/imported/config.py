"""The user's settings for imported features."""

from dataclasses import dataclass
from typing import Annotated

from models.config import check_at_least


@dataclass(frozen=True)
class ImportConfig:
    """The timing of the snippets of imported features; 0 infers a value."""

    fps: Annotated[
        float,
        "frames per second of the videos that the features of --features-dir were made "
        "from; 0: inferred from the videos' durations, or 25",
    ] = 0.0
    stride_frames: Annotated[
        int,
        "frames from one of these features to the next; 0: inferred from the videos' "
        "durations, or 16",
    ] = 0
    window_frames: Annotated[
        int, "frames that each of these features covers; 0: the stride"
    ] = 0

    def __post_init__(self) -> None:
        check_at_least(0, self, "fps", "stride_frames", "window_frames")
