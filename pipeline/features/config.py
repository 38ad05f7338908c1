"""The configuration of the features."""

from dataclasses import dataclass
from typing import Annotated, Literal

from extractors.backbones import BACKBONES
from extractors.precision import Precision
from extractors.weights import Stream

I3D = "i3d"
I3D_FRAMES = 16  # in a snippet (Sec. 6.3)


@dataclass(frozen=True)
class FeatureConfig:
    """The parameters of features from frames and flow (Sec. 6.3)."""

    extractor: Annotated[
        str, f"network of the RGB stream: {I3D} or one of {', '.join(BACKBONES)}"
    ] = I3D
    streams: Annotated[
        Literal["auto", "both", "rgb", "flow"],
        "streams of features to use; auto: both with I3D, RGB with other networks",
    ] = "auto"
    flow_features: Annotated[
        Literal["auto", "i3d", "hof"],
        "flow stream: i3d, a network; hof, a weight-free histogram of flow; auto: I3D "
        "if its weights are available, else hof",
    ] = "auto"
    precision: Annotated[
        Precision, "of the networks; bfloat16 is twice as fast on processors with AMX"
    ] = "float32"
    snippet_frames: Annotated[
        int, "frames in a snippet; 0: as many as the extractor was trained on, I3D 16"
    ] = 0
    stride_frames: Annotated[int, "frames from one snippet to the next"] = 16
    tail: Annotated[
        Literal["pad", "drop"], "last partial snippet: repeat its last frame, or drop"
    ] = "pad"

    def __post_init__(self) -> None:
        if self.extractor not in (I3D, *BACKBONES):
            raise ValueError(
                f"extractor must be one of {I3D}, {', '.join(BACKBONES)}, got "
                f"{self.extractor!r}"
            )
        if self.snippet_frames < 0 or self.stride_frames < 1:
            raise ValueError(
                f"snippet_frames must be 1 or more, or 0 for the extractor's own, and "
                f"stride_frames 1 or more; got {self.snippet_frames} and "
                f"{self.stride_frames}"
            )

    @property
    def stream_names(self) -> tuple[Stream, ...]:
        """The streams that are concatenated, in order."""
        chosen = self.streams
        if chosen == "auto":
            chosen = "both" if self.extractor == I3D else "rgb"
        return ("rgb", "flow") if chosen == "both" else (chosen,)

    @property
    def snippet_length(self) -> int:
        """The number of frames in a snippet."""
        if self.snippet_frames or self.extractor == I3D:
            return self.snippet_frames or I3D_FRAMES
        return BACKBONES[self.extractor].snippet_frames
