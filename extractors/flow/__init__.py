"""Optical flow between consecutive frames."""

from extractors.flow.config import FlowConfig
from extractors.flow.fields import flow_fields, make_flow

__all__ = ["FlowConfig", "flow_fields", "make_flow"]
