"""The response of a model to one video, and the file that holds it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from models.prediction import Prediction
from pipeline.datasets import BACKGROUND
from pipeline.grid import SnippetGrid
from pipeline.storage import file_name, read_arrays, write_arrays


@dataclass(frozen=True)
class Response:
    """The class activation sequence and scores of a video, and their times."""

    prediction: Prediction
    grid: SnippetGrid
    classes: tuple[str, ...]  # of rows 1 to C; row 0 is background

    @property
    def cell_seconds(self) -> Float[np.ndarray, "cells"]:
        """The centre of each cell, in seconds."""
        return np.array(self.grid.cell_seconds(self.prediction.cas.shape[1]))


def response_path(folder: Path, id: str) -> Path:
    """Return the path of the response to a video, given the folder of detections."""
    return folder / "cas" / f"{file_name(id)}.safetensors"


def write_response(path: Path, response: Response) -> None:
    """Write a response as safetensors, whole or not at all."""
    prediction = response.prediction
    write_arrays(
        path,
        {"cas": prediction.cas, "video_scores": prediction.video_scores},
        {
            "categories": [BACKGROUND, *response.classes],
            "cells": prediction.cas.shape[1],
            "cell_seconds": response.cell_seconds.tolist(),
            "grid": response.grid.to_dict(),
        },
    )


def read_response(path: Path) -> Response:
    """Read a response that `write_response` wrote.

    Raises:
        SodaError: If the file is broken.
    """
    arrays, header = read_arrays(path)
    return Response(
        Prediction(arrays["cas"], arrays["video_scores"]),
        SnippetGrid(**header["grid"]),
        tuple(header["categories"][1:]),
    )
