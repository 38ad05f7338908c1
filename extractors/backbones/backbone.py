"""A feature network: the clips that it was trained on, its weights and its features."""

from dataclasses import dataclass
from pathlib import Path

from extractors.published import PublishedNetwork
from extractors.published_files import find_published
from extractors.weights import Weights

ChannelValues = tuple[float, float, float]  # red, green, blue; 0 to 1


@dataclass(frozen=True, kw_only=True)
class Backbone(PublishedNetwork):
    """A published RGB network, and the clips that it was trained on.

    Its features are the input of its classifier: the average over space and time of
    the last activation (in S3D over windows of two time steps, so that the first and
    the last step have half the weight) or, in MViT, the class token.
    """

    clip_frames: int
    step_frames: int  # from one frame of a clip to the next, at Kinetics' 30 fps
    resize_pixels: int | tuple[int, int]  # short side; or height and width, distorted
    crop_pixels: int  # side of the square that is cropped from the middle
    mean: ChannelValues
    std: ChannelValues
    width: int  # number of features

    @property
    def snippet_frames(self) -> int:
        """The number of video frames that a clip spans."""
        return self.clip_frames * self.step_frames


def find_backbone_weights(
    backbone: Backbone, local: Path | None = None, cache: Path | None = None
) -> Weights:
    """Find the weights of a feature network; for the arguments see `find_published`.

    Raises:
        WeightsError: There are none, or a file does not contain this network.
    """
    return find_published(backbone, "--rgb-weights", local, cache)
