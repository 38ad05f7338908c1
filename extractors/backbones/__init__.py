"""Feature networks other than I3D, as torchvision and pytorchvideo publish them.

The names here do not need PyTorch. The functions that compute features with a network
are in `extractors.backbones.extractor`, and do.
"""

from extractors.backbones.backbone import Backbone, find_backbone_weights
from extractors.backbones.kinetics import BACKBONES

__all__ = ["BACKBONES", "Backbone", "find_backbone_weights"]
