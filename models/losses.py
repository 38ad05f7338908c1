"""The three terms of SODA's loss, as functions that can be checked by hand."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from models.aggregation import aggregate
from models.config import Distance, FrameLoss, TrainConfig


def video_loss(
    scores: Float[Tensor, "batch categories"],
    labels: Float[Tensor, "batch classes"],
    background_label: int,
) -> Float[Tensor, ""]:
    """Return the cross-entropy of the video scores with the video's labels (Eq. 1).

    In SODA the background's target is 0, although every video has background. With a
    target of 1 the background would have to respond everywhere, and so compete with
    the actions on their own snippets (Sec. 4, astute background response). With a
    target of 0, a video without any label adds nothing to the loss.
    """
    background = torch.full_like(labels[:, :1], background_label)
    target = torch.cat([background, labels], dim=1)
    target = target / target.sum(dim=1, keepdim=True).clamp(min=1)
    return -(target * scores.log_softmax(dim=1)).sum(dim=1).mean()


def frame_loss(
    cas: Float[Tensor, "batch categories time"],
    targets: Float[Tensor, "batch categories time"],
    kind: FrameLoss = "softmax",
) -> Float[Tensor, ""]:
    """Return the classification loss at the annotated cells (Eq. 2); 0 for `none`.

    A column of `targets` sums to 1 if the cell is annotated and is 0 otherwise. The
    loss is the mean over a video's annotated cells, then over the videos that have
    any.
    """
    if kind == "none":
        return cas.new_zeros(())
    annotated = (targets.sum(dim=1) > 0).to(cas.dtype)
    count = annotated.sum(dim=1)
    per_cell = cell_losses(cas, targets, kind) * annotated
    per_video = per_cell.sum(dim=1) / count.clamp(min=1)
    return per_video.sum() / (count > 0).sum().clamp(min=1)


def cell_losses(
    cas: Float[Tensor, "batch categories time"],
    targets: Float[Tensor, "batch categories time"],
    kind: FrameLoss,
) -> Float[Tensor, "batch time"]:
    """Return the loss of each cell, given its column of `targets`.

    `softmax` is the cross-entropy of Eq. 2. `focal` weights each category's term by
    (1 - p)^2. `sigmoid` is the sum of a binary cross-entropy per category: clicked or
    not. If several actions share a cell, each has a target of 1 instead of a share.
    """
    if kind == "sigmoid":
        clicked = (targets > 0).to(cas.dtype)
        binary = F.binary_cross_entropy_with_logits(cas, clicked, reduction="none")
        return binary.sum(dim=1)
    log_p = cas.log_softmax(dim=1)
    terms = targets * log_p
    if kind == "focal":
        terms = terms * (1 - log_p.exp()).square()
    return -terms.sum(dim=1)


def distillation_loss(
    cas: Float[Tensor, "networks batch categories time"],
    labels: Float[Tensor, "batch classes"],
    config: TrainConfig,
) -> Float[Tensor, ""]:
    """Return the distance of the auxiliaries' responses to the master's (Eq. 3).

    The distance is summed over the classes present in the video (C* of Eq. 3) and
    averaged over time, auxiliaries and videos. It is 0 for a master without
    auxiliaries. Table 9 compares the variants.
    """
    if len(cas) == 1:
        return cas.new_zeros(())
    compared = comparable(cas, labels, config)
    master, auxiliaries = compared[:1], compared[1:]
    if config.distill_detach == "master":
        master = master.detach()
    if config.distill_detach == "auxiliary":
        auxiliaries = auxiliaries.detach()
    return distance(master, auxiliaries, config.distillation).sum(dim=2).mean()


def comparable(
    cas: Float[Tensor, "networks batch categories time"],
    labels: Float[Tensor, "batch classes"],
    config: TrainConfig,
) -> Float[Tensor, "networks batch rows cells"]:
    """Return the outputs to compare: log-probabilities for `kl`, otherwise values.

    Video scores count as a sequence of one cell. The rows of absent classes are equal
    in all networks, so they add nothing. Background counts only for `kl`, which needs
    a complete distribution.
    """
    values = cas
    if config.distill_on == "video_scores":
        values = aggregate(cas, config)[..., None]
    if config.distillation == "kl":
        return present_log_softmax(values, labels)
    if config.distill_space == "softmax":
        values = present_log_softmax(values, labels).exp()
    return values[:, :, 1:] * labels[..., None]


def present_log_softmax(
    values: Float[Tensor, "networks batch categories cells"],
    labels: Float[Tensor, "batch classes"],
) -> Float[Tensor, "networks batch categories cells"]:
    """Return each cell's log-softmax over background and the classes of the video.

    Absent classes, which Eq. 3 leaves out, have a probability of 0. Their logits are
    masked with the least finite number, because differences of infinities are NaN.
    """
    absent = torch.cat([torch.zeros_like(labels[:, :1]), 1 - labels], dim=1) > 0
    least = torch.finfo(values.dtype).min
    return values.masked_fill(absent[..., None], least).log_softmax(dim=2)


def distance(
    a: Float[Tensor, "one batch rows cells"],
    b: Float[Tensor, "others batch rows cells"],
    kind: Distance,
) -> Float[Tensor, "others batch rows cells"]:
    """Return the element-wise distance; for `kl`, the terms of a divergence.

    `kl` expects log-probabilities. Its divergence is the symmetric
    (KL(a | b) + KL(b | a)) / 2, because neither side is the teacher in Eq. 3.
    """
    if kind == "kl":
        return 0.5 * (a.exp() - b.exp()) * (a - b)
    return (a - b).square() if kind == "l2" else (a - b).abs()


def soda_loss(
    cas: Float[Tensor, "networks batch categories time"],
    labels: Float[Tensor, "batch classes"],
    targets: Float[Tensor, "batch categories time"],
    config: TrainConfig,
) -> dict[str, Float[Tensor, ""]]:
    """Return the terms of the loss by name, and their `total` (Eq. 4).

    The video and frame losses are summed over the networks.
    """
    video = cas.new_zeros(())
    frame = cas.new_zeros(())
    for network in cas:
        scores = aggregate(network, config)
        video = video + video_loss(scores, labels, config.background_label)
        frame = frame + frame_loss(network, targets, config.frame_loss)
    distillation = distillation_loss(cas, labels, config)
    total = video + frame + config.distillation_weight * distillation
    return {
        "video": video,
        "frame": frame,
        "distillation": distillation,
        "total": total,
    }
