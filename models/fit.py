"""The training loop; it works on tensors and leaves files to its caller."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from models.config import TrainConfig
from models.losses import soda_loss
from models.soda import SODA, build_soda


@dataclass(frozen=True)
class Samples:
    """The training videos, rescaled to T cells, in memory."""

    features: Float[Tensor, "videos features time"]
    labels: Float[Tensor, "videos classes"]  # 1 for each action class in the video
    targets: Float[Tensor, "videos categories time"]  # columns sum to 1 at points, or 0

    def __len__(self) -> int:
        return len(self.features)

    def to(self, device: torch.device) -> "Samples":
        """Move all samples to a device once, instead of every batch."""
        return Samples(
            self.features.to(device), self.labels.to(device), self.targets.to(device)
        )


@dataclass
class FitState:
    """The state of a training: everything that is needed to resume it."""

    epoch: int = 0  # epochs that are finished
    model: dict[str, Any] = field(default_factory=dict)
    optimizer: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)


def fit(
    samples: Samples,
    config: TrainConfig,
    device: torch.device,
    resume: FitState | None = None,
    start: Mapping[str, Tensor] | None = None,
    after_epoch: Callable[[FitState], None] | None = None,
) -> tuple[SODA, list[dict[str, float]]]:
    """Train all networks together with Adam (Sec. 6.3).

    All randomness of an epoch is determined by the seed and the epoch's number, so a
    resumed training gives the same numbers as an uninterrupted one.

    Args:
        samples: The training videos.
        config: The parameters.
        device: The device to train on.
        resume: A state that `after_epoch` received; None starts at the first epoch.
        start: The initial weights of the networks; None draws them from the seed.
        after_epoch: Called with the current state after each epoch. Its tensors are
            live, so callers that keep them must copy them.

    Returns:
        The networks, in eval mode, and the mean of each loss term per epoch.
    """
    torch.manual_seed(config.seed)
    model = build_soda(samples.features.shape[1], samples.labels.shape[1], config)
    if start:
        model.load_state_dict(start)
    model.to(device)
    samples = samples.to(device)
    optimizer = torch.optim.Adam(
        model.parameters(),
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        fused=True,
    )
    state = resume or FitState()
    if resume:
        model.load_state_dict(resume.model)
        optimizer.load_state_dict(resume.optimizer)
    for epoch in range(state.epoch, config.epochs):
        terms = run_epoch(model, optimizer, samples, config, epoch)
        state.history.append({"epoch": epoch + 1, **terms})
        state = FitState(
            epoch + 1, model.state_dict(), optimizer.state_dict(), state.history
        )
        if after_epoch:
            after_epoch(state)
    return model.eval(), state.history


def run_epoch(
    model: SODA,
    optimizer: torch.optim.Optimizer,
    samples: Samples,
    config: TrainConfig,
    epoch: int,
) -> dict[str, float]:
    """Train for one pass over the videos; return each loss term's mean over batches."""
    model.train()
    torch.manual_seed(config.seed * 1_000_003 + epoch + 1)  # dropout
    device, is_mixed = samples.features.device, config.precision == "bfloat16"
    sums: dict[str, Tensor] = {}
    batches = [b.to(device) for b in batch_indices(len(samples), config, epoch)]
    for indices in batches:
        # The losses stay in float32, because they are sums over long sequences.
        with torch.autocast(device.type, torch.bfloat16, enabled=is_mixed):
            cas = model(samples.features[indices])
        terms = soda_loss(
            cas.float(), samples.labels[indices], samples.targets[indices], config
        )
        optimizer.zero_grad()
        terms["total"].backward()
        optimizer.step()
        for name, value in terms.items():
            sums[name] = sums.get(name, torch.zeros_like(value)) + value.detach()
    return {name: (value / len(batches)).item() for name, value in sums.items()}


def batch_indices(count: int, config: TrainConfig, epoch: int) -> Iterator[Tensor]:
    """Yield the indices of each batch, in an order drawn from the seed and epoch."""
    generator = torch.Generator().manual_seed(config.seed * 1_000_003 + epoch)
    yield from torch.randperm(count, generator=generator).split(config.batch_size)
