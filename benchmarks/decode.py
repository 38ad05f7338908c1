"""Speed of decoding, compared with PyAV alone, which is the upper limit.

python -m benchmarks.decode [VIDEO ...]
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe_machine
from benchmarks.videos import make_parser, videos_or_demo
from pipeline.storage import plain
from pipeline.video import CachedFrames, DecodeConfig, SampledFrames, probe
from pipeline.video.caching import decode

CONFIG = DecodeConfig()


def decode_alone(path: Path) -> None:
    """Decode every frame of the file on FFmpeg's own threads, without conversion."""
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for _ in container.decode(video=0):
            pass


def sample_frames(path: Path) -> None:
    """Decode the networks' input: 25 frames per second, RGB, short side 256."""
    for _ in SampledFrames(path, CONFIG):
        pass


def read_cache(cache: Path) -> None:
    """Read the networks' input from the lossless cache."""
    with CachedFrames(cache) as frames:
        for _ in frames:
            pass


def seconds_of(run: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def measure(path: Path, cache: Path) -> dict[str, float]:
    """Return the seconds that each way to read a video takes."""
    decode_alone(path)  # brings the file into the page cache
    return {
        "PyAV alone": seconds_of(lambda: decode_alone(path)),
        "sampled, as streamed": seconds_of(lambda: sample_frames(path)),
        "into the lossless cache": seconds_of(
            lambda: decode([path], cache, plain(CONFIG))
        ),
        "read from the cache": seconds_of(lambda: read_cache(cache)),
    }


def main() -> None:
    """Measure and print the speed of decoding."""
    arguments = make_parser(__doc__).parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="soda-benchmark-") as folder,
        videos_or_demo(arguments.videos) as paths,
    ):
        length = sum(probe(path).duration_seconds for path in paths)
        measured = [measure(path, Path(folder, "frames.mkv")) for path in paths]
    table = Table(title=f"videos: {len(paths)}, in all {length:.0f} s")
    for name in ("", "times real time", "share of PyAV's speed"):
        table.add_column(name, justify="right" if name else "left")
    for name in measured[0]:
        seconds = sum(each[name] for each in measured)
        share = sum(each["PyAV alone"] for each in measured) / seconds
        table.add_row(name, f"{length / seconds:.1f}", f"{share:.0%}")
    Console().print(table, describe_machine(), highlight=False)


if __name__ == "__main__":
    main()
