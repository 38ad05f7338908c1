"""Speed, memory and disk from raw video to features, in both cache modes.

python -m benchmarks.end_to_end [VIDEO ...] [--minutes 2 ...] [--cache features all]
    [-- FLAGS of ExtractFeatures, such as --precision bfloat16]

With --minutes, the first video is repeated to each of the given lengths. If the weights
of the flow network are not available, random ones replace them; the arithmetic is the
same.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.decode import decode_alone, seconds_of
from benchmarks.machine import describe_machine
from benchmarks.videos import loop_video, make_parser, videos_or_demo
from extractors.i3d import InceptionI3d
from extractors.weights import WeightsError, find_weights
from pipeline.run.options import Cache
from pipeline.storage import write_json
from pipeline.video import probe

STAGES = ("frames", "flow", "features")  # folders in the work folder


@dataclass(frozen=True)
class Measured:
    """One run of the command."""

    cache: str
    video_seconds: float
    decode_seconds: float  # by PyAV alone
    seconds: float
    memory_bytes: int  # of the largest process
    disk_bytes: dict[str, int]  # by folder


def extract(videos: list[Path], cache: str, flags: list[str]) -> Measured:
    """Run the command that a user would type, with an empty work folder."""
    with tempfile.TemporaryDirectory(prefix="soda-benchmark-") as folder:
        dataset, workdir = Path(folder, "dataset.json"), Path(folder, "work")
        entries = [
            {"id": path.name, "path": str(path), "subset": "test", "segments": []}
            for path in videos
        ]
        manifest = {"version": 1, "classes": ["action"], "videos": entries}
        write_json(dataset, manifest)
        decode_seconds = seconds_of(lambda: [decode_alone(path) for path in videos])
        command = [sys.executable, "-m", "luigi", "--module", "tasks"]
        command += ["ExtractFeatures", "--dataset", str(dataset), "--streams", "both"]
        command += ["--workdir", str(workdir), "--cache", cache, *flags]
        began = time.perf_counter()
        process = subprocess.Popen(command)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(os.waitstatus_to_exitcode(status))
        return Measured(
            cache=cache,
            video_seconds=sum(probe(path).duration_seconds for path in videos),
            decode_seconds=decode_seconds,
            seconds=time.perf_counter() - began,
            memory_bytes=usage.ru_maxrss * 1024,
            disk_bytes={stage: bytes_below(workdir / stage) for stage in STAGES},
        )


def bytes_below(folder: Path) -> int:
    """Return the total size of the files below a folder."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def weight_flags(folder: Path) -> list[str]:
    """Return flags for random flow weights, or none if real weights are available."""
    try:
        find_weights("flow")
        return []
    except WeightsError:
        torch.manual_seed(0)
        torch.save(InceptionI3d(in_channels=2).state_dict(), folder / "random.pt")
        return ["--flow-weights", str(folder / "random.pt")]


def main() -> None:
    """Measure and print the extraction of features."""
    parser = make_parser(__doc__)
    parser.add_argument("--minutes", type=float, nargs="+")
    caches = get_args(Cache)
    parser.add_argument("--cache", nargs="+", default=caches, choices=caches)
    own, flags = sys.argv[1:], []
    if "--" in own:
        at = own.index("--")
        own, flags = own[:at], own[at + 1 :]
    arguments = parser.parse_args(own)
    with (
        tempfile.TemporaryDirectory(prefix="soda-benchmark-") as folder,
        videos_or_demo(arguments.videos) as videos,
    ):
        datasets = [videos]
        if arguments.minutes:
            longer = [Path(folder, f"{m:g}-minutes.mkv") for m in arguments.minutes]
            for minutes, target in zip(arguments.minutes, longer, strict=True):
                loop_video(videos[0], target, 60 * minutes)
            datasets = [[target] for target in longer]
        chosen = [*weight_flags(Path(folder)), *flags]
        runs = [
            extract(dataset, cache, chosen)
            for dataset in datasets
            for cache in arguments.cache
        ]
    Console().print(table_of(runs), describe_machine(), highlight=False)


def table_of(runs: list[Measured]) -> Table:
    """Return a table with one row per run."""
    table = Table(title="from raw video to features of both streams")
    columns = ("--cache", "video\nseconds", "seconds", "real\ntime", "PyAV's\ntime")
    for name in (*columns, "peak\nGB", *(f"{stage}\nGB/h" for stage in STAGES)):
        table.add_column(name, justify="right", no_wrap=True)
    for run in runs:
        hours = run.video_seconds / 3600
        table.add_row(
            run.cache,
            f"{run.video_seconds:.0f}",
            f"{run.seconds:.0f}",
            f"{run.video_seconds / run.seconds:.2f} x",
            f"{run.seconds / run.decode_seconds:.0f} x",
            f"{run.memory_bytes / 1e9:.2f}",
            *(f"{run.disk_bytes[stage] / 1e9 / hours:.2f}" for stage in STAGES),
        )
    return table


if __name__ == "__main__":
    main()
