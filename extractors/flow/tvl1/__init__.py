"""TV-L1 optical flow with OpenCV's parameters, twenty times as fast as OpenCV's."""

from extractors.flow.tvl1.pairs import tvl1, tvl1_flow

__all__ = ["tvl1", "tvl1_flow"]
