"""The configuration of the optical flow."""

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

Algorithm = Literal["tvl1", "dis", "farneback", "raft"]
ON_DEVICE = ("tvl1", "raft")  # the algorithms that can run on a GPU

POSITIVE = (
    "bound_pixels",
    "tau",
    "attachment",
    "theta",
    "scales",
    "warps",
    "epsilon",
    "inner_iterations",
    "outer_iterations",
)


@dataclass(frozen=True)
class FlowConfig:
    """The algorithm of the optical flow, and its parameters.

    The works that the paper builds on use TV-L1 with OpenCV's parameters, which are
    the defaults here.
    """

    algorithm: Annotated[
        Algorithm, "the paper uses TV-L1; RAFT needs a GPU to be fast"
    ] = "tvl1"
    bound_pixels: Annotated[float, "flow is clipped to it, then stored in 8 bits"] = (
        20.0
    )
    tau: Annotated[float, "TV-L1: time step of the dual scheme"] = 0.25
    attachment: Annotated[float, "TV-L1: weight of the data term, lambda"] = 0.15
    theta: Annotated[float, "TV-L1: tightness of the relaxation"] = 0.3
    scales: Annotated[int, "TV-L1: levels of the image pyramid"] = 5
    scale_step: Annotated[
        float, "TV-L1: size of a level, relative to the next finer"
    ] = 0.8
    warps: Annotated[int, "TV-L1: linearisations of the image per level"] = 5
    epsilon: Annotated[float, "TV-L1: change per pixel at which iterations stop"] = 0.01
    inner_iterations: Annotated[int, "TV-L1: iterations between two medians"] = 30
    outer_iterations: Annotated[int, "TV-L1: medians per warp"] = 10
    median_pixels: Annotated[int, "TV-L1: side of the median filter"] = 5

    def __post_init__(self) -> None:
        if self.algorithm not in get_args(Algorithm):
            raise ValueError(
                f"flow algorithm must be one of {', '.join(get_args(Algorithm))}, "
                f"got {self.algorithm!r}"
            )
        for name in POSITIVE:
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        if not 0 < self.scale_step < 1:
            raise ValueError(f"scale_step must be in (0, 1), got {self.scale_step}")
        if self.median_pixels not in (1, 3, 5):
            raise ValueError(
                f"median_pixels must be 1 (no median), 3 or 5, got {self.median_pixels}"
            )
