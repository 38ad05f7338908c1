"""Measurement of the response of other classes during an instance (Sec. 4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from pipeline.datasets import Instance, Video
from pipeline.detection.activations import Response
from pipeline.grid import SnippetGrid

GROUPS = ("own", "other present", "absent", "background")  # classes of a cell


@dataclass(frozen=True)
class Mixing:
    """Shares of the softmax over all categories, averaged over cells of instances."""

    classes: tuple[str, ...]  # with an instance: the rows
    categories: tuple[str, ...]  # background and all classes: the columns
    matrix: Float[np.ndarray, "rows categories"]  # each row sums to 1
    groups: Float[np.ndarray, "groups"]  # as in `GROUPS`, over the cells of all rows


def measure_mixing(
    responses: Iterable[tuple[Video, Response]], categories: Sequence[str]
) -> Mixing:
    """Measure each category's share in the cells of each class's instances.

    A cell that instances of two classes touch counts once for each of them. The
    categories are background and the classes, in the order of a response's rows.
    """
    count = len(categories)
    sums, cells = np.zeros((count, count)), np.zeros(count)
    groups = np.zeros(len(GROUPS))
    for video, response in responses:
        shares = torch.from_numpy(response.prediction.cas).softmax(dim=0).numpy()
        present = present_rows(video.instances, categories)
        for row, instances in present.items():
            cells_of_row = touched_cells(instances, response.grid, shares.shape[1])
            touched = shares[:, cells_of_row]
            sums[row] += touched.sum(axis=1)
            cells[row] += touched.shape[1]
            groups += group_shares(touched.sum(axis=1), row, list(present))
    acted = np.flatnonzero(cells).tolist()
    return Mixing(
        tuple(categories[row] for row in acted),
        tuple(categories),
        sums[acted] / cells[acted, None],
        groups / max(cells.sum(), 1),
    )


def present_rows(
    instances: Iterable[Instance], categories: Sequence[str]
) -> dict[int, list[Instance]]:
    """Return a video's instances by row of their class, without unknown classes."""
    by_row: dict[int, list[Instance]] = {}
    for instance in instances:
        if instance.label in categories:
            by_row.setdefault(categories.index(instance.label), []).append(instance)
    return by_row


def touched_cells(
    instances: Iterable[Instance], grid: SnippetGrid, cells: int
) -> list[int]:
    """Return the distinct cells that instances touch; each touches at least one."""
    touched: set[int] = set()
    for instance in instances:
        first = grid.cell_at(instance.start_seconds, cells)
        touched.update(range(first, grid.cell_at(instance.end_seconds, cells) + 1))
    return sorted(touched)


def group_shares(
    shares: Float[np.ndarray, "categories"], row: int, present: Sequence[int]
) -> Float[np.ndarray, "groups"]:
    """Return the shares of all categories, summed by the groups of `GROUPS`."""
    own, background = shares[row], shares[0]
    others = shares[list(present)].sum() - own
    absent = shares.sum() - own - others - background
    return np.array([own, others, absent, background])
