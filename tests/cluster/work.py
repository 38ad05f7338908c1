"""Work whose behaviour a test chooses; workers import this and little else."""

import os
import signal
import time
from pathlib import Path

from pipeline.errors import VideoError
from pipeline.fanout import Item, Job

STAGE = "decode"  # any whose name the cluster's configuration knows


def make(inputs, output, progress, behaviour, folder, **_):
    """A stage function whose behaviour a test chooses; runs in the worker."""
    with (Path(folder) / "log").open("a") as file:
        file.write(f"{output.stem}\n")
    if behaviour == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "fail":
        raise VideoError(f"{inputs[0]}: nothing to see")
    marker = Path(f"{output}.tried")
    if behaviour == "hang once" and not marker.exists():
        marker.touch()
        time.sleep(600)
    while behaviour == "wait" and not (Path(folder) / "go").exists():
        time.sleep(0.05)
    devices = os.environ.get("CUDA_VISIBLE_DEVICES", "none")
    output.write_text(devices if behaviour == "device" else inputs[0].read_text())


def make_job(folder, behaviours, **parameters):
    """Items of which the first is the longest, so that slice k has the k-th."""
    for name in ("in", "out"):
        (folder / name).mkdir(exist_ok=True)
    for id in behaviours:
        if not (folder / "in" / id).exists():
            (folder / "in" / id).write_text(id)
    items = tuple(
        Item(
            id,
            (str(folder / "in" / id),),
            str(folder / "out" / f"{id}.txt"),
            weight=-float(index),
            arguments={"behaviour": behaviour},
        )
        for index, (id, behaviour) in enumerate(behaviours.items())
    )
    parameters = {"folder": str(folder), **parameters}
    return Job(STAGE, "tests.cluster.work:make", parameters, items)
