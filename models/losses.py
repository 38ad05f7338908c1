"""The three terms of SODA's loss, each a function that can be checked by hand."""

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
    """Cross-entropy of the video scores with the video's labels (Eq. 1).

    The background's target is 0 in SODA although every video has background: asked
    to respond everywhere, it would have to beat the actions on their own snippets
    (Sec. 4, astute background response). A video without any label then adds nothing.
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
    """Classification loss at the annotated cells (Eq. 2); `none` is always 0.

    A column of `targets` sums to 1 where the cell is annotated and is 0 elsewhere.
    The mean goes over a video's annotated cells, then over the videos that have any.
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
    """The loss that each cell would have, by its column of `targets`.

    `softmax` is Eq. 2's cross-entropy and `focal` the same with each category's term
    weighted by (1 - p)^2. `sigmoid` asks of every category for itself whether it was
    clicked there, and sums these binary cross-entropies: of several actions on one
    cell each is true, so none is told to be a share.
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
    """Distance of the auxiliaries' responses to the master's (Eq. 3 and Table 9).

    Summed over the classes present in the video, C* of Eq. 3; the mean over time,
    auxiliaries and videos. Zero for a lone master.
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
    """What is compared of each network: log-probabilities for `kl`, else values.

    Video scores are a sequence of one cell. The rows of absent classes are equal in
    all networks, so that they add nothing; background counts in `kl` alone, which
    needs a whole distribution.
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
    """Log-softmax, in each cell, over background and the classes of the video.

    Of absent classes, which Eq. 3 leaves out, the probability is 0; its logarithm is
    the least finite number, as infinities would make differences of them NaN.
    """
    absent = torch.cat([torch.zeros_like(labels[:, :1]), 1 - labels], dim=1) > 0
    least = torch.finfo(values.dtype).min
    return values.masked_fill(absent[..., None], least).log_softmax(dim=2)


def distance(
    a: Float[Tensor, "one batch rows cells"],
    b: Float[Tensor, "others batch rows cells"],
    kind: Distance,
) -> Float[Tensor, "others batch rows cells"]:
    """Distance of each number; for `kl`, each term of a divergence from logarithms.

    The divergence is the symmetric (KL(a | b) + KL(b | a)) / 2, as in Eq. 3 neither
    side is the teacher.
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
    """The named terms and their `total` (Eq. 4).

    Every network has a video and a frame loss of its own; these are summed.
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
