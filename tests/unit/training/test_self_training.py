import numpy as np
import pytest
import torch

from models.fit import Samples
from pipeline.training.self_training import (
    Core,
    RefineConfig,
    find_cores,
    merge_targets,
    quiet_cells,
    refine_samples,
    sure_cores,
)

CONFIG = RefineConfig(sure_action=0.225, sure_background=0.05)
#                 two instances of class 1, the second one stronger; silence between
RESPONSE = np.array([0, 0, 6, 8, 6, 0, 0, 0, 9, 10, 9, 0], dtype=np.float32)


def sequence(*rows):
    background = np.zeros_like(RESPONSE)
    return np.stack([background, *rows])


def clicks(*cells, categories=2):
    """Columns that sum to 1 at (category, cell)."""
    made = np.zeros((categories, len(RESPONSE)), dtype=np.float32)
    for category, cell in cells:
        made[category, cell] = 1
    return made


def refine(sequences, targets, labels=((1.0,),)):
    samples = Samples(
        torch.zeros(len(targets), 3, len(RESPONSE)),
        torch.tensor(labels),
        torch.from_numpy(np.stack(targets)),
    )
    return refine_samples(samples, sequences, CONFIG).targets.numpy()


def test_a_clicked_core_grows_to_what_responds_around_it():
    refined = refine([sequence(RESPONSE)], [clicks((1, 3))])[0]
    assert refined[1].nonzero()[0].tolist() == [2, 3, 4, 8, 9, 10]
    assert refined[0].nonzero()[0].tolist() == [0, 1, 5, 6, 7, 11]


def test_a_core_that_a_click_contradicts_is_left_alone():
    refined = refine([sequence(RESPONSE)], [clicks((1, 3), (0, 9))])[0]
    assert refined[1].nonzero()[0].tolist() == [2, 3, 4]
    assert refined[:, 8].tolist() == [0, 0] and refined[:, 9].tolist() == [1, 0]


def test_an_unclicked_core_must_stand_out_as_clicked_ones_do():
    cores = [
        Core(0, 1, 0, 2, 0.8, clicked=True),
        Core(0, 1, 4, 6, 0.4, clicked=True),
        Core(1, 1, 0, 2, 0.7, clicked=False),
        Core(1, 1, 4, 6, 0.5, clicked=False),
        Core(1, 2, 0, 2, 9.9, clicked=False),  # of a class without a click
    ]
    assert sure_cores(cores) == cores[:3]


def test_classes_that_meet_share_a_cell():
    actions = clicks((1, 2), (2, 2), categories=3)
    merged = merge_targets(clicks(categories=3), actions, np.zeros(12, np.float32))
    assert merged[:, 2].tolist() == [0, 0.5, 0.5]


@pytest.mark.parametrize("seed", range(5))
def test_columns_are_distributions_and_clicks_stay(seed):
    generator = np.random.default_rng(seed)
    cas = generator.normal(size=(4, 12)).astype(np.float32)
    given = clicks((1, 3), (0, 5), (2, 7), categories=4)
    refined = refine([cas], [given], labels=((1.0, 1.0, 0.0),))[0]
    sums = refined.sum(axis=0)
    assert np.isin(sums.round(5), (0, 1)).all()
    at = given.any(axis=0)
    np.testing.assert_array_equal(refined[:, at], given[:, at])
    assert not refined[3].any()  # a class that the video does not have


def test_a_video_without_labels_or_clicks_gets_no_targets():
    refined = refine([sequence(RESPONSE)], [clicks()], labels=((0.0,),))
    assert not refined.any()
    assert not list(find_cores(0, sequence(RESPONSE), clicks(), CONFIG))
    assert not quiet_cells(sequence(RESPONSE), [], CONFIG).any()


@pytest.mark.parametrize("fields", [{"sure_action": 1.0}, {"sure_background": 0.6}])
def test_thresholds_must_make_sense(fields):
    with pytest.raises(ValueError, match="expected 0 <= sure_background"):
        RefineConfig(**fields)
