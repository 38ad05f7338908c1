"""`soda annotate`: a page on which a person clicks single frames of videos."""

import shlex
import webbrowser
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pipeline.annotation.page import make_page, static_data
from pipeline.annotation.playable import (
    InTheBackground,
    PlayableVideos,
    cache_folder,
)
from pipeline.annotation.server import AnnotationServer, Served
from pipeline.annotation.sources import MANIFESTS, dataset_to_annotate
from pipeline.annotation.store import PointsStore
from pipeline.check import Failure, gather_facts
from pipeline.datasets import Dataset
from pipeline.errors import InputNotFoundError
from pipeline.progress import Progress, say
from pipeline.report.video_page import video_href
from pipeline.run import default_jobs
from pipeline.storage import fingerprint, write_text


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
    port: Annotated[int, typer.Option(help="0: any that is free.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page.")] = True,
) -> None:
    """Watch videos and click single frames, in a browser, on this machine alone.

    Example: soda annotate kitchen/dataset.json
    """
    dataset, fps = readable(dataset_to_annotate(videos, classes, subset))
    path = points_file or dataset.videos_folder / "clicks.json"
    store = PointsStore(path, dataset, annotator)
    if page:
        write_static_page(page, store, half)
        say(f"written: {page}; open it with a double click, and export as {path.name}")
    else:
        serve(store, fps, half, port, browser)
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


def serve(
    store: PointsStore, fps: dict[str, float], half: bool, port: int, browser: bool
) -> None:
    """Serve the page until Ctrl-C."""
    dataset = store.dataset
    playable = PlayableVideos([v.path for v in dataset.videos], cache_folder())
    addresses = [f"video/{number}" for number in range(len(dataset.videos))]
    page = make_page(dataset, addresses, points_name=store.path.name, half=half)
    ready = InTheBackground(playable.make_ready)
    served = Served(page, store, playable.files, ready, None, fps)
    with AnnotationServer(served, port) as server:
        say(f"{len(dataset.videos)} videos, saved to {store.path}; Ctrl-C ends")
        typer.echo(server.address)
        if browser:
            webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("")
        finally:
            ready.close()
    entries = store.entries().values()
    clicks = [len(entry["points"]) for entry in entries if entry["points"]]
    say(f"{sum(clicks)} clicks in {len(clicks)} videos: {store.path}")


def write_static_page(page: Path, store: PointsStore, half: bool) -> None:
    """Write a page that keeps the work in the browser.

    Copies of videos that browsers cannot play are written to a folder beside it.
    """
    videos = store.dataset.videos
    folder = page.with_name(f"{page.stem}_videos")
    playable = PlayableVideos([v.path for v in videos], folder)
    weights = [v.duration_seconds or 0.0 for v in videos]
    frames = []
    with Progress("videos made ready", len(videos), weights) as bar:
        for number, weight in enumerate(weights):
            before = sum(weights[:number])
            ready = playable.make_ready(
                number,
                lambda share, b=before, w=weight, n=number: bar.update(
                    b + share * w, n
                ),
            )
            frames.append(ready["frames"])
            bar.update(before + weight, number + 1)
    key = fingerprint([str(store.path.resolve()), [v.id for v in videos]])
    content = make_page(
        store.dataset,
        [video_href(path, page.parent) for path in playable.files],
        points_name=store.path.name,
        half=half,
        static=static_data(key, frames, store.entries()),
    )
    write_text(page, content)


def print_next(videos: list[Path], points_file: Path) -> None:
    """The commands to type."""
    points = shlex.quote(str(points_file))
    manifest = videos[0]
    if manifest.suffix.lower() not in MANIFESTS:
        typer.echo(f"next: soda init {shlex.quote(str(manifest))}")
        manifest = manifest / "dataset.json"
    typer.echo(
        f"next: luigi --module tasks Report --dataset {shlex.quote(str(manifest))} "
        f"--preset small --points-file {points}"
    )
