"""Feature networks other than I3D, as torchvision and pytorchvideo publish them."""

from extractors.backbones.backbone import (
    Backbone,
    build_backbone,
    find_backbone_weights,
)
from extractors.backbones.extractor import backbone_extractor
from extractors.backbones.kinetics import BACKBONES

__all__ = [
    "BACKBONES",
    "Backbone",
    "backbone_extractor",
    "build_backbone",
    "find_backbone_weights",
]
