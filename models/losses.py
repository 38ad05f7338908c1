"""The three terms of SODA's loss, each a function that can be checked by hand."""

import torch
from jaxtyping import Float
from torch import Tensor

from models.aggregation import topk_mean
from models.config import TrainConfig


def video_loss(
    scores: Float[Tensor, "batch categories"],
    labels: Float[Tensor, "batch classes"],
    background_label: int,
) -> Float[Tensor, ""]:
    """Cross-entropy of the video scores with the video's labels (Eq. 1).

    The background's target is 0 in SODA although every video has background: asked
    to respond everywhere, it would have to beat the actions on their own snippets
    (Sec. 4, astute background response). A video without any label adds nothing.
    """
    background = torch.full_like(labels[:, :1], background_label)
    target = torch.cat([background, labels], dim=1)
    target = target / target.sum(dim=1, keepdim=True).clamp(min=1)
    return -(target * scores.log_softmax(dim=1)).sum(dim=1).mean()


def frame_loss(
    cas: Float[Tensor, "batch categories time"],
    targets: Float[Tensor, "batch categories time"],
) -> Float[Tensor, ""]:
    """Cross-entropy at the annotated cells (Eq. 2).

    A column of `targets` sums to 1 where the cell is annotated and is 0 elsewhere.
    The mean goes over a video's annotated cells, then over the videos that have any.
    """
    per_cell = -(targets * cas.log_softmax(dim=1)).sum(dim=1)
    annotated = targets.sum(dim=(1, 2))
    per_video = per_cell.sum(dim=1) / annotated.clamp(min=1)
    return per_video.sum() / (annotated > 0).sum().clamp(min=1)


def distillation_loss(
    cas: Float[Tensor, "networks batch categories time"],
    labels: Float[Tensor, "batch classes"],
) -> Float[Tensor, ""]:
    """L1 distance of the auxiliaries' sequences to the master's (Eq. 3).

    Over the action classes present in the video, with gradients to both sides; the
    mean over time and auxiliaries, the sum over classes. Zero for a lone master.
    """
    if len(cas) == 1:
        return cas.new_zeros(())
    distance = (cas[:1, :, 1:] - cas[1:, :, 1:]).abs().mean(dim=(0, 3))
    return (distance * labels).sum(dim=1).mean()


def soda_loss(
    cas: Float[Tensor, "networks batch categories time"],
    labels: Float[Tensor, "batch classes"],
    targets: Float[Tensor, "batch categories time"],
    config: TrainConfig,
) -> dict[str, Float[Tensor, ""]]:
    """The named terms and their `total` (Eq. 4).

    Every network has a video and a frame loss of its own; these are summed.
    """
    video = cas.new_zeros(())
    frame = cas.new_zeros(())
    for network in cas:
        scores = topk_mean(network, config.topk_divisor)
        video = video + video_loss(scores, labels, config.background_label)
        frame = frame + frame_loss(network, targets)
    distillation = distillation_loss(cas, labels)
    total = video + frame + config.distillation_weight * distillation
    return {
        "video": video,
        "frame": frame,
        "distillation": distillation,
        "total": total,
    }
