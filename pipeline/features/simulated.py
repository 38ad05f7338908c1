"""Simulated features of one video, in place of extracted ones.

This module does not import PyTorch, which would take longer than the simulation.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.datasets import Instance
from pipeline.datasets.simulated import WIDTHS, SimulationConfig, draw, write_script
from pipeline.features.file import Features, write_features
from pipeline.grid import SnippetGrid
from pipeline.progress import ShareDone, silent
from pipeline.storage import describe_source, read_json


def draw_features(
    inputs: Sequence[Path],
    output: Path,
    config: Mapping[str, Any],
    made_by: Mapping[str, Any],
    progress: ShareDone = silent,
) -> None:
    """Draw the features (T, D) of one video, and write them like extracted ones.

    Args:
        inputs: The video's timeline, JSON: `id`, `duration_seconds`, `instances`.
        config: Fields of `SimulationConfig`.
        made_by: All parameters that the features depend on, for the file's header.
    """
    timeline, chosen = read_json(inputs[0]), SimulationConfig(**config)
    id, duration_seconds = timeline["id"], timeline["duration_seconds"]
    instances = [Instance(**fields) for fields in timeline["instances"]]
    grid = simulated_grid(duration_seconds)
    script = write_script(id, instances, duration_seconds, chosen)
    source = describe_source(inputs[0], duration_seconds)
    features = Features(draw(id, script, grid, chosen), grid, WIDTHS)
    write_features(output, features, source, made_by)
    progress(1.0)


def simulated_grid(duration_seconds: float) -> SnippetGrid:
    """Return the paper's snippets of a video of some length (Sec. 6.3)."""
    frames = SnippetGrid(num_frames=1).seconds_to_frame(duration_seconds)
    return SnippetGrid(num_frames=max(1, round(frames)))
