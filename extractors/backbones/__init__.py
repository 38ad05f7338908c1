"""Feature networks other than I3D, as torchvision and pytorchvideo publish them.

What computes with them is in `extractors.backbones.extractor`, which needs PyTorch;
the names here do not.
"""

from extractors.backbones.backbone import Backbone, find_backbone_weights
from extractors.backbones.kinetics import BACKBONES

__all__ = ["BACKBONES", "Backbone", "find_backbone_weights"]
