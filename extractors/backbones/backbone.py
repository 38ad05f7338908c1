"""A feature network: what it was trained on, its weights, its features."""

from dataclasses import dataclass
from pathlib import Path

from extractors.published import PublishedNetwork
from extractors.published_files import find_published
from extractors.weights import Weights

Colour = tuple[float, float, float]  # red, green, blue; 0 to 1


@dataclass(frozen=True, kw_only=True)
class Backbone(PublishedNetwork):
    """A published RGB network, and the clips that it was trained on.

    Its features are what its classifier was given: the average over space and time
    of its last activation (S3D: of windows of two time steps, so that the first and
    the last count half) or, for MViT, the class token.
    """

    clip_frames: int
    step_frames: int  # from one frame of a clip to the next, at Kinetics' 30 fps
    resize_pixels: int | tuple[int, int]  # short side; or height, width, distorted
    crop_pixels: int  # side of the square in the middle
    mean: Colour
    std: Colour
    width: int  # of its features

    @property
    def snippet_frames(self) -> int:
        """How many frames of video one of its clips covers."""
        return self.clip_frames * self.step_frames


def find_backbone_weights(
    backbone: Backbone, local: Path | None = None, cache: Path | None = None
) -> Weights:
    """The weights of a feature network; for the arguments see `find_published`.

    Raises:
        WeightsError: There are none, or a file does not hold this network.
    """
    return find_published(backbone, "--rgb-weights", local, cache)
