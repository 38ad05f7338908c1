"""Speed of training, compared with a plain loop in float32.

python -m benchmarks.training [--videos 32] [--cells 128] [--hidden 1024]
    [--networks 2] [--epochs 2] [--device cpu] [--threads 1]
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.machine import describe_machine
from models.config import TrainConfig
from models.fit import Samples, batch_indices, fit
from models.losses import distillation_loss, frame_loss, video_loss
from models.soda import build_soda

FEATURES, CLASSES, POINTS = 2048, 20, 20


def draw_samples(videos: int, cells: int) -> Samples:
    """Draw random samples with the shapes of real ones."""
    torch.manual_seed(0)
    labels = torch.zeros(videos, CLASSES)
    labels[torch.arange(videos), torch.arange(videos) % CLASSES] = 1
    targets = torch.zeros(videos, 1 + CLASSES, cells)
    targets[:, 0, torch.randperm(cells)[:POINTS]] = 1
    return Samples(torch.rand(videos, FEATURES, cells), labels, targets)


def plain_fit(samples: Samples, config: TrainConfig, device: torch.device) -> None:
    """Train with a straightforward loop: network by network, with a sort."""
    model = build_soda(FEATURES, CLASSES, config).to(device).train()
    optimizer = torch.optim.Adam(
        model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    for epoch in range(config.epochs):
        for indices in batch_indices(len(samples), config, epoch):
            features = samples.features[indices].to(device)
            labels = samples.labels[indices].to(device)
            targets = samples.targets[indices].to(device)
            sequences = [network(features) for network in model.networks]
            loss = distillation_loss(torch.stack(sequences), labels, config)
            loss = config.distillation_weight * loss
            for cas in sequences:
                loss = loss + video_loss(sorted_mean(cas, config), labels, 0)
                loss = loss + frame_loss(cas, targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()  # for the log


def sorted_mean(cas: Tensor, config: TrainConfig) -> Tensor:
    """Return the top-k mean of Eq. 10, computed by sorting."""
    k = max(1, cas.shape[-1] // config.topk_divisor)
    ordered = cas.sort(dim=-1, descending=True).values
    return ordered[..., :k].mean(dim=-1)


def seconds_of(run: Callable[[], object], device: torch.device) -> float:
    """Return the seconds that a call takes, including its work on the device."""
    began = time.perf_counter()
    run()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began


def main() -> None:
    """Measure and print the speed of training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=32)
    parser.add_argument("--cells", type=int, default=128)
    parser.add_argument("--hidden", type=int, default=1024)
    parser.add_argument("--networks", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = torch.device(arguments.device)
    samples = draw_samples(arguments.videos, arguments.cells)
    config = TrainConfig(
        cells=arguments.cells,
        hidden=arguments.hidden,
        networks=arguments.networks,
        epochs=arguments.epochs,
    )
    mixed = replace(config, precision="bfloat16")
    runs: dict[str, Callable[[], object]] = {
        "plain": lambda: plain_fit(samples, config, device),
        "float32, the default": lambda: fit(samples, config, device),
        "--train-precision bfloat16": lambda: fit(samples, mixed, device),
    }
    warm = replace(config, epochs=1)
    plain_fit(samples, warm, device)
    seconds = {name: seconds_of(run, device) for name, run in runs.items()}
    table = Table(title=f"{arguments.epochs} epochs: {vars(arguments)}")
    for name in ("", "s per epoch", "times plain"):
        table.add_column(name, justify="right" if name else "left")
    for name, each in seconds.items():
        ratio = seconds["plain"] / each
        table.add_row(name, f"{each / arguments.epochs:.2f}", f"{ratio:.2f}")
    Console().print(table, describe_machine(), highlight=False)


if __name__ == "__main__":
    main()
