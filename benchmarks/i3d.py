"""Speed of I3D, compared with the plain network: eager, unfolded, contiguous.

python -m benchmarks.i3d [VIDEO] [--threads 1] [--batch 2]
"""

import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.machine import describe_machine
from benchmarks.videos import make_parser, middle_frames, videos_or_demo
from extractors.conversion import load_state
from extractors.i3d import (
    InceptionI3d,
    SameMaxPool3d,
    Unit3d,
    build_i3d,
    fold_batchnorm,
    same_padding,
)
from extractors.preprocessing import centre_crop, rgb_to_input
from extractors.weights import find_weights

FRAMES = 16
REPEATS = 3


def plain_features(network: InceptionI3d, clips: Tensor) -> Tensor:
    """Compute features as the published code does, one operation after the other."""
    for name, block in network.named_children():
        if isinstance(block, Unit3d):
            clips = _unit(block, clips)
        elif isinstance(block, SameMaxPool3d):
            clips = _pool(block, clips)
        elif name != "logits":
            branches = [
                _unit(block.b0, clips),
                _unit(block.b1b, _unit(block.b1a, clips)),
                _unit(block.b2b, _unit(block.b2a, clips)),
                _unit(block.b3b, _pool(block.b3a, clips)),
            ]
            clips = torch.cat(branches, dim=1)
    return clips.mean(dim=(2, 3, 4))


def _unit(unit: Unit3d, clips: Tensor) -> Tensor:
    convolution = unit.conv3d
    padded = _padded(clips, convolution.kernel_size, convolution.stride)
    output = F.conv3d(padded, convolution.weight, None, convolution.stride)
    return F.relu(unit.bn(output))


def _pool(pool: SameMaxPool3d, clips: Tensor) -> Tensor:
    padded = _padded(clips, pool.kernel_size, pool.stride)
    return F.max_pool3d(padded, pool.kernel_size, pool.stride)


def _padded(clips: Tensor, kernel: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    sides = map(same_padding, clips.shape[2:], kernel, stride)
    return F.pad(clips, [cells for side in reversed(list(sides)) for cells in side])


def seconds_of(run: Callable[[], Tensor]) -> float:
    """Return the seconds of the fastest of several runs, after a warm-up run."""
    run()
    best = float("inf")
    for _ in range(REPEATS):
        began = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - began)
    return best


@torch.no_grad()
def main() -> None:
    """Measure and print the speed of each network."""
    parser = make_parser(__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=2, help="clips per batch")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with videos_or_demo(arguments.videos) as videos:
        frames = middle_frames(videos[0], FRAMES * arguments.batch)
    shape = (arguments.batch, FRAMES, *frames.shape[1:])
    clips = rgb_to_input(centre_crop(np.ascontiguousarray(frames).reshape(shape)))
    network = build_i3d(load_state(find_weights("rgb")), in_channels=3)
    folded, half = fold_batchnorm(network), fold_batchnorm(network).bfloat16()
    contiguous = clips.contiguous()
    runs: dict[str, Callable[[], Tensor]] = {
        "plain": lambda: plain_features(network, contiguous),
        "float32": lambda: folded.features(clips),
        "bfloat16": lambda: half.features(clips.bfloat16()),
    }
    table = Table(title=f"threads: {arguments.threads}, clips: {arguments.batch}")
    for name in ("", "ms per clip", "times plain", "cosine"):
        table.add_column(name, justify="right" if name else "left")
    reference = runs["plain"]()
    seconds = {name: seconds_of(run) / arguments.batch for name, run in runs.items()}
    for name, each in seconds.items():
        cosine = F.cosine_similarity(runs[name](), reference).min().item()
        ratio = seconds["plain"] / each
        table.add_row(name, f"{each * 1e3:.0f}", f"{ratio:.1f}", f"{cosine:.5f}")
    Console().print(table, describe_machine(), highlight=False)


if __name__ == "__main__":
    main()
