import numpy as np
import pytest
import torch

from models.aggregation import topk_mean
from models.config import TrainConfig
from models.fit import FitState, Samples, batch_indices, fit
from models.losses import distillation_loss, frame_loss, soda_loss, video_loss
from models.predictor import Predictor
from models.rescale import rescale
from models.soda import build_soda

CPU = torch.device("cpu")
SMALL = TrainConfig(
    cells=8, hidden=16, epochs=4, batch_size=2, learning_rate=1e-2, dropout=0.5
)


def samples(videos=5, features=6, classes=2, cells=8, seed=0):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.zeros(videos, classes)
    labels[torch.arange(videos), torch.arange(videos) % classes] = 1
    targets = torch.zeros(videos, classes + 1, cells)
    targets[:, 1, 0] = 1
    targets[:, 0, 3] = 1
    inputs = torch.randn(videos, features, cells, generator=generator)
    return Samples(inputs, labels, targets)


def test_casnet_keeps_time_and_adds_background():
    model = build_soda(6, 3, SMALL)
    assert model(torch.zeros(2, 6, 8)).shape == (2, 2, 4, 8)
    assert model.master.classify.bias is None


def test_topk_mean_by_hand():
    cas = torch.tensor([[1.0, 5.0, 3.0, 2.0], [0.0, 0.0, 0.0, 8.0]])
    assert topk_mean(cas, divisor=2).tolist() == [4.0, 4.0]
    assert topk_mean(cas, divisor=8).tolist() == [5.0, 8.0]


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


def test_frame_loss_by_hand():
    cas = torch.tensor([[[0.0, 1.0], [2.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
    targets = torch.zeros(2, 2, 2)
    targets[0, 1, 0] = 1
    expected = -torch.log_softmax(torch.tensor([0.0, 2.0]), 0)[1]
    assert frame_loss(cas, targets).item() == pytest.approx(expected.item())


def test_frame_loss_is_a_mean_over_videos_not_over_clicks():
    cas = torch.randn(2, 3, 4)
    targets = torch.zeros(2, 3, 4)
    targets[0, 1, 0] = 1
    targets[1, 0, :] = 1
    alone = [frame_loss(cas[i : i + 1], targets[i : i + 1]) for i in range(2)]
    assert frame_loss(cas, targets).item() == pytest.approx(
        (alone[0] + alone[1]).item() / 2
    )


def test_no_clicks_at_all_give_zero():
    cas = torch.randn(2, 3, 4, requires_grad=True)
    loss = frame_loss(cas, torch.zeros(2, 3, 4))
    loss.backward()
    assert loss == 0 and (cas.grad == 0).all()


def test_distillation_by_hand():
    cas = torch.zeros(3, 1, 3, 2)
    cas[1, 0, 1] = 1.0  # auxiliary 1 is off by 1 on class 1
    cas[2, 0, 2] = 5.0  # auxiliary 2 is off on class 2, which is absent
    labels = torch.tensor([[1.0, 0.0]])
    # Over T = 2 cells and M - 1 = 2 auxiliaries: (1 + 1) / (2 * 2).
    assert distillation_loss(cas, labels).item() == pytest.approx(0.5)


def test_distillation_ignores_background_and_absent_classes():
    cas = torch.randn(2, 1, 4, 8)
    labels = torch.tensor([[0.0, 1.0, 0.0]])
    before = distillation_loss(cas, labels)
    cas[1, :, [0, 1, 3]] += 7.0
    assert distillation_loss(cas, labels) == before


def test_identical_networks_distil_nothing_and_both_sides_learn():
    cas = torch.randn(1, 2, 3, 8)
    labels = torch.ones(2, 2)
    assert distillation_loss(cas.repeat(2, 1, 1, 1), labels) == 0
    assert distillation_loss(cas, labels) == 0  # a lone master
    both = torch.randn(2, 2, 3, 8, requires_grad=True)
    distillation_loss(both, labels).backward()
    assert both.grad[0].abs().sum() > 0 and both.grad[1].abs().sum() > 0


def test_the_total_is_the_weighted_sum():
    drawn = samples()
    cas = build_soda(6, 2, SMALL).eval()(drawn.features)
    terms = soda_loss(cas, drawn.labels, drawn.targets, SMALL)
    total = terms["video"] + terms["frame"] + 0.6 * terms["distillation"]
    assert terms["total"].item() == pytest.approx(total.item())


def test_rescaling_to_the_same_length_is_the_identity():
    sequence = torch.randn(3, 9)
    torch.testing.assert_close(rescale(sequence, 9), sequence)
    assert rescale(sequence[:, :1], 5).eq(sequence[:, :1]).all()


def test_every_video_is_seen_once_an_epoch():
    orders = [torch.cat(list(batch_indices(5, SMALL, epoch))) for epoch in range(3)]
    assert all(sorted(order.tolist()) == [0, 1, 2, 3, 4] for order in orders)
    assert orders[0].tolist() != orders[1].tolist()


def test_training_lowers_the_loss():
    _, history = fit(samples(), TrainConfig(**{**vars(SMALL), "epochs": 20}), CPU)
    assert history[-1]["total"] < history[0]["total"]
    assert [h["epoch"] for h in history] == list(range(1, 21))


def test_the_seed_decides():
    first, again = (fit(samples(), SMALL, CPU)[0].state_dict() for _ in range(2))
    other = fit(samples(), TrainConfig(**{**vars(SMALL), "seed": 1}), CPU)[0]
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert not torch.equal(
        first["networks.0.classify.weight"],
        other.state_dict()["networks.0.classify.weight"],
    )


def test_a_resumed_training_ends_where_an_unbroken_one_does():
    class Break(Exception):
        pass

    kept = {}

    def keep_second(state):
        if state.epoch == 2:
            kept["state"] = FitState(
                2,
                {k: v.clone() for k, v in state.model.items()},
                torch.utils._pytree.tree_map(
                    lambda v: v.clone() if torch.is_tensor(v) else v, state.optimizer
                ),
                list(state.history),
            )
            raise Break

    with pytest.raises(Break):
        fit(samples(), SMALL, CPU, after_epoch=keep_second)
    resumed, resumed_history = fit(samples(), SMALL, CPU, resume=kept["state"])
    whole, history = fit(samples(), SMALL, CPU)
    assert history == resumed_history
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name])


def test_the_predictor_uses_the_master_alone():
    model = build_soda(6, 2, SMALL)
    before = Predictor(model, SMALL, CPU).predict(np.ones((3, 6), np.float32))
    torch.nn.init.zeros_(model.networks[1].classify.weight)
    after = Predictor(model, SMALL, CPU).predict(np.ones((3, 6), np.float32))
    np.testing.assert_array_equal(before.cas, after.cas)
    assert before.cas.shape == (3, 8)
    assert before.video_scores.sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [{"networks": 0}, {"background_label": 2}, {"dropout": 1.0}, {"epochs": -1}],
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TrainConfig(**wrong)
