"""The layers of I3D that have weights, and the shapes of their tensors.

They are not in `i3d.py`, so that a weight file can be checked without PyTorch.
"""

from collections.abc import Iterator, Mapping

from extractors.shapes import Shape, require_shapes

KINETICS_CLASSES = 400
FEATURE_CHANNELS = 1024
NORMALISATION = ("weight", "bias", "running_mean", "running_var")  # of BatchNorm

# Input channels, and the widths of the units b0, b1a, b1b, b2a, b2b, b3b.
BLOCKS: dict[str, tuple[int, tuple[int, ...]]] = {
    "Mixed_3b": (192, (64, 96, 128, 16, 32, 32)),
    "Mixed_3c": (256, (128, 128, 192, 32, 96, 64)),
    "Mixed_4b": (480, (192, 96, 208, 16, 48, 64)),
    "Mixed_4c": (512, (160, 112, 224, 24, 64, 64)),
    "Mixed_4d": (512, (128, 128, 256, 24, 64, 64)),
    "Mixed_4e": (512, (112, 144, 288, 32, 64, 64)),
    "Mixed_4f": (528, (256, 160, 320, 32, 128, 128)),
    "Mixed_5b": (832, (256, 160, 320, 32, 128, 128)),
    "Mixed_5c": (832, (384, 192, 384, 48, 128, 128)),
}


def check_shapes(found: Mapping[str, Shape], in_channels: int) -> None:
    """Check the names and shapes of a state dict, but not its values.

    Raises:
        ValueError: Names are missing or unknown, or tensors have a wrong shape; the
            message lists the first few.
    """
    require_shapes(found, i3d_shapes(in_channels))


def i3d_shapes(in_channels: int) -> dict[str, Shape]:
    """Return the shape of each tensor of the network's state dict."""
    shapes: dict[str, Shape] = {}
    for name, inputs, outputs, side in _units(in_channels):
        shapes[f"{name}.conv3d.weight"] = (outputs, inputs, side, side, side)
        shapes |= {f"{name}.bn.{tensor}": (outputs,) for tensor in NORMALISATION}
        shapes[f"{name}.bn.num_batches_tracked"] = ()
    shapes["logits.conv3d.weight"] = (KINETICS_CLASSES, FEATURE_CHANNELS, 1, 1, 1)
    shapes["logits.conv3d.bias"] = (KINETICS_CLASSES,)
    return shapes


def _units(in_channels: int) -> Iterator[tuple[str, int, int, int]]:
    """Yield each unit's name, input channels, output channels and side of its kernel.

    Kernels have the same side in time, height and width.
    """
    yield "Conv3d_1a_7x7", in_channels, 64, 7
    yield "Conv3d_2b_1x1", 64, 64, 1
    yield "Conv3d_2c_3x3", 64, 192, 3
    for name, (inputs, (b0, b1a, b1b, b2a, b2b, b3b)) in BLOCKS.items():
        yield f"{name}.b0", inputs, b0, 1
        yield f"{name}.b1a", inputs, b1a, 1
        yield f"{name}.b1b", b1a, b1b, 3
        yield f"{name}.b2a", inputs, b2a, 1
        yield f"{name}.b2b", b2a, b2b, 3
        yield f"{name}.b3b", inputs, b3b, 1
