"""Each term of the loss and each of its variants, by hand and by what must hold."""

import math
from dataclasses import replace
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.config import TrainConfig
from models.losses import distillation_loss, frame_loss, soda_loss, video_loss

pytestmark = pytest.mark.usefixtures("one_thread")

PAPER = TrainConfig()
AGGREGATIONS = ["topk_mean", "average", "temporal_softmax", "category_softmax"]
FRAME_LOSSES = ["softmax", "sigmoid", "focal", "none"]
TARGETS = [("cas", "topk_mean"), *(("video_scores", by) for by in AGGREGATIONS)]
DISTILLATIONS = [
    TrainConfig(distillation=kind, distill_space=space, distill_on=on, aggregation=by)
    for kind, space, (on, by) in product(
        ["l1", "l2", "kl"], ["raw", "softmax"], TARGETS
    )
]


def names(config):
    shown = (config.distillation, config.distill_on, config.distill_space)
    return "-".join((*shown, config.aggregation))


every_distillation = pytest.mark.parametrize("config", DISTILLATIONS, ids=names)
seeds = st.integers(0, 2**32)
# Of each of many variants.
few = settings(max_examples=5)


def draw(*shape, seed=0, scale=3.0):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(*shape, generator=generator)


def test_video_loss_by_hand():
    scores = torch.tensor([[1.0, 2.0, 0.0]])
    labels = torch.tensor([[1.0, 0.0]])
    p = torch.softmax(scores[0], 0)
    assert video_loss(scores, labels, 0).item() == pytest.approx(-p[1].log().item())
    both = -(p[0].log() + p[1].log()).item() / 2
    assert video_loss(scores, labels, 1).item() == pytest.approx(both)


def test_background_target_is_zero_in_soda_and_pulls_background_down():
    scores = torch.zeros(1, 3, requires_grad=True)
    labels = torch.tensor([[1.0, 0.0]])
    video_loss(scores, labels, 0).backward()
    assert scores.grad[0, 0] > 0  # a step against the gradient lowers background
    scores.grad = None
    video_loss(scores, labels, 1).backward()
    assert scores.grad[0, 0] < 0


def test_a_video_without_labels_adds_nothing():
    scores = torch.randn(2, 3, requires_grad=True)
    labels = torch.tensor([[0.0, 0.0], [0.0, 1.0]])
    loss = video_loss(scores, labels, 0)
    loss.backward()
    assert torch.isfinite(loss)
    assert (scores.grad[0] == 0).all()


def one_click(row, categories=2, cells=2):
    targets = torch.zeros(1, categories, cells)
    targets[0, row, 0] = 1
    return targets


def test_frame_loss_by_hand():
    cas = torch.tensor([[[0.0, 1.0], [2.0, 0.0]]])
    p = 1 / (1 + math.exp(-2))  # of row 1 in cell 0, against row 0
    expected = {
        "softmax": -math.log(p),
        "focal": -((1 - p) ** 2) * math.log(p),
        "sigmoid": math.log(2) - math.log(p),  # row 0 is at 0: an even chance
        "none": 0.0,
    }
    for kind, loss in expected.items():
        found = frame_loss(cas, one_click(1), kind).item()
        assert found == pytest.approx(loss, rel=1e-4)


def test_two_actions_on_a_cell_are_shares_but_each_true_for_itself():
    cas = draw(1, 3, 2)
    shared = torch.zeros(1, 3, 2)
    shared[0, 1:, 0] = 0.5
    log_p = cas[0, :, 0].log_softmax(0)
    assert frame_loss(cas, shared).item() == pytest.approx(-log_p[1:].mean().item())
    signs = torch.tensor([-1.0, 1.0, 1.0])
    each = -(signs * cas[0, :, 0]).sigmoid().log().sum()
    assert frame_loss(cas, shared, "sigmoid").item() == pytest.approx(each.item())


@pytest.mark.parametrize("kind", FRAME_LOSSES)
@few
@given(seed=seeds)
def test_frame_loss_is_a_mean_over_clicks_and_then_over_clicked_videos(kind, seed):
    cas, targets = draw(3, 3, 4, seed=seed), torch.zeros(3, 3, 4)
    targets[0, 1, 0] = 1
    targets[1, 0, :] = 1  # video 2 has no click
    alone = [frame_loss(cas[i : i + 1], targets[i : i + 1], kind) for i in range(2)]
    mean = (alone[0] + alone[1]).item() / 2
    assert frame_loss(cas, targets, kind).item() == pytest.approx(mean, rel=1e-4)


@pytest.mark.parametrize("kind", FRAME_LOSSES)
def test_only_clicked_cells_learn_and_toward_their_click(kind):
    cas = draw(1, 2, 2).requires_grad_()
    loss = frame_loss(cas, one_click(1), kind) + 0 * cas.sum()
    loss.backward()
    assert (cas.grad[..., 1] == 0).all()
    if kind == "none":
        assert (cas.grad == 0).all()
    else:
        assert cas.grad[0, 1, 0] < 0 < cas.grad[0, 0, 0]


def test_focal_loss_is_never_above_the_cross_entropy():
    cas, targets = draw(8, 4, 5), torch.zeros(8, 4, 5)
    targets[:, 2, 3] = 1
    assert frame_loss(cas, targets, "focal") < frame_loss(cas, targets, "softmax")


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@pytest.mark.parametrize("kind", FRAME_LOSSES)
def test_a_video_without_labels_and_clicks_is_no_loss(kind, aggregation):
    config = TrainConfig(frame_loss=kind, aggregation=aggregation)
    cas = draw(2, 1, 3, 8).requires_grad_()
    terms = soda_loss(cas, torch.zeros(1, 2), torch.zeros(1, 3, 8), config)
    assert all(value == 0 for value in terms.values())
    terms["total"].backward()
    assert (cas.grad == 0).all()


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@pytest.mark.parametrize("kind", FRAME_LOSSES)
@pytest.mark.parametrize("scale", [3.0, 1e4])
def test_videos_with_and_without_clicks_train_together(kind, aggregation, scale):
    config = TrainConfig(frame_loss=kind, aggregation=aggregation)
    cas = draw(2, 3, 3, 8, scale=scale).requires_grad_()
    labels = torch.tensor([[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    targets = torch.zeros(3, 3, 8)
    targets[2, 1, 4] = 1  # video 0 has a label and no click, video 1 has nothing
    terms = soda_loss(cas, labels, targets, config)
    terms["total"].backward()
    assert all(torch.isfinite(value) for value in terms.values())
    assert torch.isfinite(cas.grad).all()
    assert (cas.grad[:, 1] == 0).all() and (cas.grad[:, [0, 2]] != 0).any()


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@pytest.mark.parametrize("kind", FRAME_LOSSES)
def test_a_video_whose_only_class_is_the_first_raises_it(kind, aggregation):
    config = TrainConfig(frame_loss=kind, aggregation=aggregation)
    cas = torch.zeros(2, 1, 4, 8, requires_grad=True)
    targets = torch.zeros(1, 4, 8)
    targets[0, 1, 2] = 1
    terms = soda_loss(cas, torch.tensor([[1.0, 0.0, 0.0]]), targets, config)
    terms["total"].backward()
    by_category = cas.grad.sum(dim=(0, 1, 3))
    assert by_category.argmin() == 1 and by_category[1] < 0


def test_distillation_by_hand():
    cas = torch.zeros(3, 1, 3, 2)
    cas[1, 0, 1] = 1.0  # auxiliary 1 is off by 1 on class 1
    cas[2, 0, 2] = 5.0  # auxiliary 2 is off on class 2, which is absent
    labels = torch.tensor([[1.0, 0.0]])
    # Over T = 2 cells and M - 1 = 2 auxiliaries: (1 + 1) / (2 * 2).
    assert distillation_loss(cas, labels, PAPER).item() == pytest.approx(0.5)


LOG3 = math.log(3)


@pytest.mark.parametrize(
    ("kind", "space", "expected"),
    [
        # Class 1 is off by log 3 in one of two cells; by the softmax over background
        # and class 1 it is 3/4 there and 1/2 in the master.
        ("l1", "raw", LOG3 / 2),
        ("l2", "raw", LOG3**2 / 2),
        ("l1", "softmax", 0.25 / 2),
        ("l2", "softmax", 0.25**2 / 2),
        # (3/4 - 1/2) log((3/4) / (1/2)) + (1/4 - 1/2) log((1/4) / (1/2)), halved.
        ("kl", "raw", (0.25 * math.log(1.5) - 0.25 * math.log(0.5)) / 2 / 2),
        ("kl", "softmax", (0.25 * math.log(1.5) - 0.25 * math.log(0.5)) / 2 / 2),
    ],
)
def test_distances_by_hand(kind, space, expected):
    cas = torch.zeros(2, 1, 3, 2)
    cas[1, 0, 1, 0] = LOG3
    cas[1, 0, 2] = 7.0  # an absent class
    config = TrainConfig(distillation=kind, distill_space=space)
    labels = torch.tensor([[1.0, 0.0]])
    loss = distillation_loss(cas, labels, config).item()
    assert loss == pytest.approx(expected)
    scores = replace(config, distill_on="video_scores", topk_divisor=2)
    # The mean of the best half of the two cells is that of the first.
    loss = distillation_loss(cas, labels, scores).item()
    assert loss == pytest.approx(2 * expected)


def test_kl_is_the_mean_of_both_divergences():
    cas, labels = draw(2, 1, 4, 5, seed=4), torch.ones(1, 3)
    p, q = cas[:, 0].softmax(dim=1)
    both = (p * (p / q).log()).sum(0) + (q * (q / p).log()).sum(0)
    loss = distillation_loss(cas, labels, TrainConfig(distillation="kl"))
    assert loss.item() == pytest.approx(both.mean().item() / 2, rel=1e-4)


@every_distillation
@few
@given(seed=seeds, networks=st.integers(2, 5))
def test_identical_networks_distil_nothing(config, seed, networks):
    cas = draw(1, 2, 4, 8, seed=seed).repeat(networks, 1, 1, 1).requires_grad_()
    labels = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    loss = distillation_loss(cas, labels, config)
    loss.backward()
    assert loss == 0 and (cas.grad == 0).all()


@every_distillation
def test_a_lone_master_distils_nothing(config):
    assert distillation_loss(draw(1, 2, 3, 8), torch.ones(2, 2), config) == 0


@every_distillation
@few
@given(seed=seeds, networks=st.integers(2, 6))
def test_distillation_is_not_negative_and_finite(config, seed, networks):
    cas = draw(networks, 2, 4, 8, seed=seed, scale=30).requires_grad_()
    labels = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    loss = distillation_loss(cas, labels, config)
    loss.backward()
    assert loss >= 0 and torch.isfinite(loss) and torch.isfinite(cas.grad).all()


# The weights of `category_softmax` are shares of an instant: absent classes have some.
OF_PRESENT = [
    config
    for config in DISTILLATIONS
    if config.distill_on == "cas" or config.aggregation != "category_softmax"
]


@pytest.mark.parametrize("config", OF_PRESENT, ids=names)
@few
@given(seed=seeds)
def test_distillation_ignores_absent_classes(config, seed):
    cas = draw(3, 1, 5, 8, seed=seed)
    labels = torch.tensor([[0.0, 1.0, 0.0, 1.0]])
    before = distillation_loss(cas, labels, config)
    cas[:, :, [1, 3]] += draw(3, 1, 2, 8, seed=seed + 1)
    assert torch.equal(distillation_loss(cas, labels, config), before)


def test_raw_distillation_ignores_background():
    cas, labels = draw(2, 1, 4, 8), torch.tensor([[0.0, 1.0, 0.0]])
    before = distillation_loss(cas, labels, PAPER)
    cas[1, :, 0] += 7.0
    assert distillation_loss(cas, labels, PAPER) == before


@every_distillation
@pytest.mark.parametrize("detached", ["none", "master", "auxiliary"])
def test_both_sides_learn_unless_detached_and_then_exactly_the_other(config, detached):
    cas = draw(3, 2, 3, 8).requires_grad_()
    chosen = replace(config, distill_detach=detached)
    loss = distillation_loss(cas, torch.ones(2, 2), chosen)
    assert loss == distillation_loss(cas, torch.ones(2, 2), config)
    loss.backward()
    learns = [bool(side.abs().sum() > 0) for side in cas.grad]
    auxiliary = detached != "auxiliary"
    assert learns == [detached != "master", auxiliary, auxiliary]


@every_distillation
def test_a_video_without_labels_distils_nothing(config):
    cas = draw(2, 1, 3, 8).requires_grad_()
    loss = distillation_loss(cas, torch.zeros(1, 2), config)
    loss.backward()
    assert loss == 0 and (cas.grad == 0).all()


@pytest.mark.parametrize("networks", [1, 2, 3, 5, 7])
def test_the_total_is_the_weighted_sum(networks):
    cas = draw(networks, 3, 4, 8)
    labels = torch.eye(3)
    targets = torch.zeros(3, 4, 8)
    targets[:, 1, 0] = 1
    terms = soda_loss(cas, labels, targets, PAPER)
    total = terms["video"] + terms["frame"] + 0.6 * terms["distillation"]
    assert terms["total"].item() == pytest.approx(total.item())
    alone = [soda_loss(cas[i : i + 1], labels, targets, PAPER) for i in range(networks)]
    for name in ("video", "frame"):
        assert terms[name].item() == pytest.approx(sum(t[name].item() for t in alone))
