"""The making of the demo: fifteen short videos and the manifest that lists them."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from pipeline.datasets.demo.config import DemoConfig
from pipeline.datasets.demo.film import film
from pipeline.datasets.demo.script import CLASSES, Script, Stretch, write_scripts
from pipeline.storage import atomic_path, plain, read_json_if_whole, write_json

RECIPE_VERSION = 1  # raise it when the same config gives different pixels

# One thread, no dates and no versions, so that a file is the same every time. The
# macroblock tree is off because, on some processors, x264 gives different bits with it
# at every call.
CONTAINER_OPTIONS = {"fflags": "+bitexact"}
CODEC_OPTIONS = {
    "preset": "veryfast",
    "crf": "22",
    "threads": "1",
    "flags": "+bitexact",
    "x264-params": "no-mbtree=1",
}


def make_demo(
    folder: Path,
    progress: Callable[[int, int], None] = lambda *_: None,
    config: DemoConfig | None = None,
) -> Path:
    """Make the missing part of the demo dataset in a folder; return its manifest.

    The folder receives videos/<id>.mp4, recipe.json and, last, dataset.json. The same
    config gives the same pixels and, on one machine, the same files. Videos finished
    before an interruption are kept. `progress` is called with the number of finished
    videos and of all videos.
    """
    config = config or DemoConfig()
    manifest = folder / "dataset.json"
    scripts = write_scripts(config)
    paths = [folder / _relative_path(script) for script in scripts]
    _forget_other_recipe(folder, config, paths)
    for done, (script, path) in enumerate(zip(scripts, paths, strict=True), start=1):
        if not path.exists():
            write_video(path, film(config, script), config)
        progress(done, len(scripts))
    if not manifest.exists():
        write_json(manifest, _manifest(config, scripts))
    return manifest


def _forget_other_recipe(folder: Path, config: DemoConfig, videos: list[Path]) -> None:
    """Remove files of another version or config, so that the two cannot mix."""
    recipe = plain({"version": RECIPE_VERSION, "config": config})
    path = folder / "recipe.json"
    if read_json_if_whole(path) == recipe:
        return
    for stale in (folder / "dataset.json", *videos):
        stale.unlink(missing_ok=True)
    write_json(path, recipe)


def _relative_path(script: Script) -> str:
    return f"videos/{script.video_id}.mp4"


def write_video(path: Path, frames: Iterable[np.ndarray], config: DemoConfig) -> None:
    """Encode frames, uint8 (height, width, 3) with blue first, as H.264."""
    with (
        atomic_path(path) as temporary,
        av.open(temporary, "w", format="mp4", options=CONTAINER_OPTIONS) as file,
    ):
        stream = file.add_stream("libx264", config.fps, options=CODEC_OPTIONS)
        stream.width, stream.height = config.width, config.height
        stream.pix_fmt = "yuv420p"
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, config.fps)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())


def _manifest(config: DemoConfig, scripts: list[Script]) -> dict[str, Any]:
    def segment(action: Stretch) -> dict[str, Any]:
        frames = (action.start_frame, action.stop_frame)
        seconds = [frame / config.fps for frame in frames]
        return {"label": action.label, "segment": seconds}

    videos = [
        {
            "id": script.video_id,
            "path": _relative_path(script),
            "subset": script.subset,
            "labels": sorted({str(action.label) for action in script.actions}),
            "segments": [segment(action) for action in script.actions],
        }
        for script in scripts
    ]
    return {"version": 1, "name": "demo", "classes": list(CLASSES), "videos": videos}
