"""Facts of a dataset's video files, gathered by parallel workers."""

import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from pipeline.errors import InputNotFoundError
from pipeline.fanout import Item, Job, Ledger, Resources, default_jobs, run_job
from pipeline.progress import ShareDone, say, silent
from pipeline.storage import file_stamp, read_arrays, sha256_of, write_arrays
from pipeline.video import Ends, VideoInfo, decode_ends, probe
from pipeline.video.sketch import Sketch, sketch

PROBLEM_KINDS = {
    "MissingVideoError": "missing video",
    "UnreadableVideoError": "unreadable video",
    "SodaError": "video that crashes the decoder",
}
UNFORESEEN = "video that cannot be examined"


@dataclass(frozen=True)
class Facts(Ends, VideoInfo):
    """The metadata of a video file, and the result of decoding its two ends."""

    size_bytes: int
    sha256: str | None  # None unless the manifest states one to compare with
    sketch: Sketch | None = None  # None unless it is compared with others'

    def to_json(self) -> dict[str, Any]:
        """Return the facts as values for JSON, without the sketch."""
        names = (field.name for field in fields(self) if field.name != "sketch")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Failure:
    """The reason why a file could not be examined."""

    kind: str
    text: str


FactsByPath = dict[Path, Facts | Failure]


def gather_facts(
    paths: Iterable[Path],
    jobs: int | None,
    stage: str,
    hashed: Collection[Path] = (),
    sketched: bool = False,
) -> FactsByPath:
    """Examine each distinct video file once, with one worker per processor or `jobs`.

    A file that crashes its worker fails alone; the other files are still examined. The
    files in `hashed` are read completely, for their sha256. `sketched` takes the tiny
    frames of all files.
    """
    distinct = tuple(dict.fromkeys(paths))
    with tempfile.TemporaryDirectory(prefix="soda-check-") as name:
        folder = Path(name)
        items = tuple(
            Item(
                id=str(index),
                inputs=(str(path),),
                output=str(folder / f"{index}.safetensors"),
                weight=float(file_stamp(path)[0] or 0),
                arguments={"hashed": path in hashed},
            )
            for index, path in enumerate(distinct)
        )
        parameters = {"sketched": sketched}
        job = Job(stage, f"{__name__}:examine", parameters, items)
        run_job(job, folder, Resources(jobs or default_jobs(), max_failures=1.0))
        failures = Ledger(folder, job.stage).read()
        return {
            path: _failure(path, failures[item.id])
            if item.id in failures
            else read_facts(Path(item.output))
            for path, item in zip(distinct, items, strict=True)
        }


def readable_facts(
    paths: Iterable[Path], jobs: int | None, stage: str, place: Path
) -> dict[Path, Facts]:
    """Examine video files of a place; report unreadable ones, and leave them out.

    Raises:
        InputNotFoundError: No video can be read.
    """
    found = {}
    for path, facts in gather_facts(paths, jobs, stage).items():
        if isinstance(facts, Facts):
            found[path] = facts
        else:
            say(f"left out: {path}: {facts.text}")
    if not found:
        raise InputNotFoundError(
            f"{place}: expected videos, found none that can be read"
        )
    return found


def examine(
    inputs: Sequence[Path],
    output: Path,
    hashed: bool,
    sketched: bool = False,
    progress: ShareDone = silent,
) -> None:
    """Examine one video; write its facts, and the arrays of its sketch.

    Raises:
        VideoError: The video does not exist or cannot be read.
    """
    path = inputs[0]
    facts = Facts(
        **asdict(probe(path)),
        **asdict(decode_ends(path)),
        size_bytes=path.stat().st_size,
        sha256=sha256_of(path) if hashed else None,
    )
    write_arrays(output, vars(sketch(path)) if sketched else {}, facts.to_json())
    progress(1.0)


def read_facts(path: Path) -> Facts:
    """Read the facts and the sketch that `examine` wrote."""
    arrays, facts = read_arrays(path)
    return Facts(**facts, sketch=Sketch(**arrays) if arrays else None)


def _failure(path: Path, entry: dict[str, str]) -> Failure:
    kind = PROBLEM_KINDS.get(entry["error"], UNFORESEEN)
    return Failure(kind, entry["message"].removeprefix(f"{path}: "))
