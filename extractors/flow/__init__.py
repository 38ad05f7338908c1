"""Optical flow between consecutive frames."""

from extractors.flow.config import ON_DEVICE, FlowConfig
from extractors.flow.fields import Flow, flow_fields, make_flow, with_flow
from extractors.flow.tvl1 import tvl1_flow

__all__ = [
    "ON_DEVICE",
    "Flow",
    "FlowConfig",
    "flow_fields",
    "make_flow",
    "tvl1_flow",
    "with_flow",
]
