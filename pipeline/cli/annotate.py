"""`soda annotate`: the page on which a person clicks single frames of videos."""

import shlex
import webbrowser
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pipeline.annotation.handler import AnnotationServer
from pipeline.annotation.page import write_static_page
from pipeline.annotation.playable import cache_folder
from pipeline.annotation.server import annotation_server
from pipeline.annotation.sources import MANIFESTS, dataset_to_annotate
from pipeline.annotation.store import PointsStore
from pipeline.check.facts import readable_facts
from pipeline.datasets import Dataset
from pipeline.errors import UsageError
from pipeline.model_folder.newest import find_models
from pipeline.points.human import CLICKS_FILE
from pipeline.progress import count_of, say


def annotate_command(
    videos: Annotated[
        list[Path],
        typer.Argument(
            help="A manifest made by `soda init`; or video files and folders of "
            "videos, whose sub-folders name the classes."
        ),
    ],
    classes: Annotated[
        str | None,
        typer.Option(
            help="The actions to click, such as pour,stir, or a text file with one per "
            "line. Default: those of the manifest, or the sub-folders."
        ),
    ] = None,
    points_file: Annotated[
        Path | None,
        typer.Option(
            help="The JSON file to save clicks to. Default: clicks.json in the videos' "
            "folder."
        ),
    ] = None,
    subset: Annotated[
        str,
        typer.Option(
            help="The videos to show: train, test or all. Only training uses clicks."
        ),
    ] = "train",
    half: Annotated[
        bool,
        typer.Option(help="Start by annotating 10 s on, 10 s off, as in the paper."),
    ] = False,
    annotator: Annotated[
        str | None,
        typer.Option(help="The annotator's name, recorded in the points file."),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(help="Write one HTML file that works without a server, and exit."),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            help="A model folder that TrainSODA wrote, to show what it detects and "
            "where a click helps most.",
            autocompletion=lambda: list(map(str, find_models())),
        ),
    ] = None,
    device: Annotated[
        str, typer.Option(help="The device for --model: auto, cpu or cuda.")
    ] = "auto",
    port: Annotated[int, typer.Option(help="The port; 0 picks a free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Watch videos and click single frames in a browser.

    Training needs one click per action, and one per stretch of background between
    actions. The page is served to this machine alone, and each click is saved at once,
    to a file that `soda run` finds next to the manifest. Press ? on the page for its
    keys, and Ctrl-C here to stop.

    Examples:

        soda annotate kitchen/dataset.json
        soda annotate monday/ tuesday/1.mp4 --classes pour,stir
        soda annotate kitchen/dataset.json --model work/kitchen/models/0123456789ab
        soda annotate kitchen/dataset.json --page annotate.html

    Exit codes: 2 wrong usage, or the port is in use; 3 no such video or manifest; 4
    invalid manifest or points file; 7 missing weights.
    """
    if page and model:
        raise UsageError(
            "expected --page or --model, found both; a page without a server cannot "
            "run a model, so leave one out"
        )
    dataset, fps = readable(dataset_to_annotate(videos, classes, subset))
    path = points_file or dataset.videos_folder / CLICKS_FILE
    store = PointsStore(path, dataset, annotator)
    if page:
        write_static_page(page, store, half)
        say(f"written: {page}; open it with a double click, export to {path.name}")
    else:
        cache, hints = cache_folder(), None
        if model:
            # Not above: it imports PyTorch, which --help must not wait for.
            from pipeline.annotation.hints import Hints

            hints = Hints(model, store, cache, device)
            say(f"hints by the model {model}")
        with annotation_server(store, fps, cache, half, port, hints) as server:
            serve(server, store, browser)
    print_next(videos, path)


def readable(dataset: Dataset) -> tuple[Dataset, dict[str, float]]:
    """Return the readable videos with their durations, and frames per second by id."""
    paths = [video.path for video in dataset.videos]
    facts = readable_facts(paths, None, "annotate", dataset.source)
    known = [(v, facts[v.path]) for v in dataset.videos if v.path in facts]
    videos = (replace(v, duration_seconds=f.duration_seconds) for v, f in known)
    return dataset.with_videos(tuple(videos)), {v.id: f.fps for v, f in known}


def serve(server: AnnotationServer, store: PointsStore, browser: bool) -> None:
    """Serve the page until Ctrl-C."""
    shown = count_of(len(store.dataset.videos), "video")
    say(f"{shown}, saved to {store.path}; Ctrl-C stops")
    with suppress(KeyboardInterrupt):
        typer.echo(server.address)
        if browser:
            webbrowser.open(server.address)
        server.serve_forever()
    entries = store.entries().values()
    clicks = [len(entry["points"]) for entry in entries if entry["points"]]
    said = f"{count_of(sum(clicks), 'click')} in {count_of(len(clicks), 'video')}"
    say(f"\n{said}: {store.path}")


def print_next(videos: list[Path], points_file: Path) -> None:
    """Print the next commands to type."""
    manifest = videos[0]
    if manifest.suffix.lower() not in MANIFESTS:
        folder = manifest if manifest.is_dir() else manifest.parent
        typer.echo(f"next: soda init {shlex.quote(str(folder))}")
        manifest = folder / "dataset.json"
    words = ["soda", "run", manifest, "--preset", "small", "--points-file", points_file]
    typer.echo(f"next: {shlex.join(map(str, words))}")
