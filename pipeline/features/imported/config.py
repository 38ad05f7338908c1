"""What a user says of features that somebody else made."""

from dataclasses import dataclass
from typing import Annotated

from models.config import check_at_least


@dataclass(frozen=True)
class ImportConfig:
    """When the snippets of imported features are; 0 leaves it to their number."""

    fps: Annotated[
        float,
        "frames a second of the videos that the features of --features-dir were made "
        "of; 0: from the videos' durations, or 25",
    ] = 0.0
    stride_frames: Annotated[
        int,
        "frames from one of these features to the next; 0: from the videos' durations, "
        "or 16",
    ] = 0
    window_frames: Annotated[
        int, "frames that one of these features looks at; 0: the stride"
    ] = 0

    def __post_init__(self) -> None:
        check_at_least(0, self, "fps", "stride_frames", "window_frames")
