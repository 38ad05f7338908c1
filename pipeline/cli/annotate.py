"""`soda annotate`: a page on which a person clicks single frames of videos."""

import shlex
import webbrowser
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.annotation.handler import AnnotationServer
from pipeline.annotation.playable import cache_folder
from pipeline.annotation.server import annotation_server
from pipeline.annotation.sources import MANIFESTS, dataset_to_annotate
from pipeline.annotation.static import write_static_page
from pipeline.annotation.store import PointsStore
from pipeline.check import Failure, gather_facts
from pipeline.datasets import Dataset
from pipeline.errors import InputNotFoundError, UsageError
from pipeline.fanout import default_jobs
from pipeline.model_folder.newest import find_models
from pipeline.progress import say

if TYPE_CHECKING:
    from pipeline.annotation.hints import Hints


def annotate_command(
    videos: Annotated[
        list[Path],
        typer.Argument(
            help="The manifest of `soda init`; or folders of videos, whose sub-folders "
            "are the classes, and video files."
        ),
    ],
    classes: Annotated[
        str | None,
        typer.Option(
            help="Actions to click, as in pour,stir, or a text file with one a line; "
            "default: the manifest's, or the sub-folders."
        ),
    ] = None,
    points_file: Annotated[
        Path | None,
        typer.Option(help="What is saved to; default: clicks.json beside the videos."),
    ] = None,
    subset: Annotated[
        str, typer.Option(help="train, test or all; only training uses clicks.")
    ] = "train",
    half: Annotated[
        bool, typer.Option(help="Begin with 10 s on, 10 s off, as in the paper.")
    ] = False,
    annotator: Annotated[
        str | None, typer.Option(help="Who clicks, to stand in the points file.")
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(help="Write one HTML file that needs no server, and end."),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            help="A folder that TrainSODA wrote: shows what it sees, and where a click "
            "helps most.",
            autocompletion=lambda: list(map(str, find_models())),
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda, for --model.")] = (
        "auto"
    ),
    port: Annotated[int, typer.Option(help="0: any that is free.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page.")] = True,
) -> None:
    """Watch videos and click single frames, in a browser.

    The page is served to this machine alone, and each click is saved at once, in a file
    that training reads. Ctrl-C ends.

    Examples:

        soda annotate kitchen/dataset.json
        soda annotate monday/ tuesday/1.mp4 --classes pour,stir
        soda annotate kitchen/dataset.json --model work/kitchen/models/0123456789ab
        soda annotate kitchen/dataset.json --page annotate.html

    Exit codes: 2 wrong usage, or the port is in use; 3 no such video or manifest; 4 a
    manifest or points file to be mended; 7 weights.
    """
    if page and model:
        raise UsageError(
            "--page and --model: expected one of them; a page without a server has no "
            "model"
        )
    dataset, fps = readable(dataset_to_annotate(videos, classes, subset))
    path = points_file or dataset.videos_folder / "clicks.json"
    store = PointsStore(path, dataset, annotator)
    if page:
        write_static_page(page, store, half)
        say(f"written: {page}; open it with a double click, and export as {path.name}")
    else:
        cache = cache_folder()
        hints = hints_of(model, store, cache, device) if model else None
        with annotation_server(store, fps, cache, half, port, hints) as server:
            serve(server, store, browser)
    print_next(videos, path)


def readable(dataset: Dataset) -> tuple[Dataset, dict[str, float]]:
    """The videos that can be read, with their durations, and frames a second by id.

    The others are named and left out.

    Raises:
        InputNotFoundError: None is left.
    """
    facts = gather_facts([v.path for v in dataset.videos], default_jobs(), "annotate")
    kept, fps = [], {}
    for video in dataset.videos:
        found = facts[video.path]
        if isinstance(found, Failure):
            say(f"left out: {video.path}: {found.text}")
        else:
            kept.append(replace(video, duration_seconds=found.duration_seconds))
            fps[video.id] = found.fps
    if not kept:
        raise InputNotFoundError(
            f"{dataset.source}: expected videos, found none to read"
        )
    return dataset.with_videos(tuple(kept)), fps


def hints_of(model: Path, store: PointsStore, cache: Path, device: str) -> "Hints":
    """What a model says of the videos."""
    from pipeline.annotation.hints import Hints  # PyTorch is not wanted for --help

    return Hints(model, store, cache, device)


def serve(server: AnnotationServer, store: PointsStore, browser: bool) -> None:
    """Serve the page until Ctrl-C."""
    say(f"{len(store.dataset.videos)} videos, saved to {store.path}; Ctrl-C ends")
    typer.echo(server.address)
    if browser:
        webbrowser.open(server.address)
    with suppress(KeyboardInterrupt):
        server.serve_forever()
    entries = store.entries().values()
    clicks = [len(entry["points"]) for entry in entries if entry["points"]]
    say(f"\n{sum(clicks)} clicks in {len(clicks)} videos: {store.path}")


def print_next(videos: list[Path], points_file: Path) -> None:
    """The commands to type."""
    manifest = videos[0]
    if manifest.suffix.lower() not in MANIFESTS:
        folder = manifest if manifest.is_dir() else manifest.parent
        typer.echo(f"next: soda init {shlex.quote(str(folder))}")
        manifest = folder / "dataset.json"
    words = ["soda", "run", manifest, "--preset", "small", "--points-file", points_file]
    typer.echo(f"next: {shlex.join(map(str, words))}")
