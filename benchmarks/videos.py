"""The videos to measure on: the user's, or one from the demo."""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import av
import numpy as np

from pipeline.datasets.demo import DemoConfig
from pipeline.datasets.demo.film import film
from pipeline.datasets.demo.maker import write_video
from pipeline.datasets.demo.script import write_scripts
from pipeline.video import DecodeConfig, SampledFrames, probe


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a command line parser that takes videos."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "videos",
        type=Path,
        nargs="*",
        help="videos to measure on (default: one from the demo)",
    )
    return parser


@contextmanager
def videos_or_demo(paths: list[Path]) -> Iterator[list[Path]]:
    """Yield the paths or, without any, a demo video that exists for the context."""
    with tempfile.TemporaryDirectory(prefix="soda-benchmark-") as folder:
        if not paths:
            config, target = DemoConfig(), Path(folder) / "demo.mp4"
            write_video(target, film(config, write_scripts(config)[0]), config)
        yield paths or [target]


def middle_frames(path: Path, count: int) -> np.ndarray:
    """Return RGB frames (count, height, width, 3) from the middle of a video.

    They are sampled and scaled as in the pipeline. A shorter video gives all frames.
    """
    config = DecodeConfig()
    total = int(probe(path).duration_seconds * config.fps)
    first = max(0, (total - count) // 2)
    return np.stack(list(islice(SampledFrames(path, config), first, first + count)))


def loop_video(path: Path, target: Path, seconds: float) -> None:
    """Write a video that repeats another one, packet by packet, to a length."""
    period = probe(path).duration_seconds
    with av.open(str(target), "w") as output:
        stream = None
        for turn in range(max(1, round(seconds / period))):
            with av.open(str(path)) as source:
                video = source.streams.video[0]
                stream = stream or output.add_stream_from_template(video)
                for packet in source.demux(video):
                    if packet.dts is None or packet.pts is None:
                        continue  # an empty packet that flushes the decoder
                    shift = round(turn * period / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = stream
                    output.mux(packet)
