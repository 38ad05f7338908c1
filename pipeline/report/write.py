"""Writes a report: one page a video, and an index."""

from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.report.colours import colours
from pipeline.report.data import Report
from pipeline.report.formats import clock, flatten, number, percent, readable, span
from pipeline.report.ranking import RANKING_TIOU, Entry, worst_first
from pipeline.report.video_page import rows, video_href
from pipeline.storage import plain, write_text

ASSETS = ("style.css", "player.js")


def write_report(folder: Path, report: Report) -> Path:
    """Write static pages that need neither network nor server.

    Returns:
        The index, which is written last, so that its links never lead nowhere.
    """
    templates = _templates()
    for name in ASSETS:
        source = resources.files("pipeline.report") / "assets" / name
        write_text(folder / "assets" / name, source.read_text(encoding="utf-8"))
    entries = worst_first(report.videos)
    shared = {"report": report, "colours": colours(report)}
    _write_videos(folder / "videos", templates, entries, shared)
    index = folder / "index.html"
    page = templates.get_template("index.html").render(
        **shared,
        entries=entries,
        parameters=flatten(plain(report.parameters)),
    )
    write_text(index, page)
    return index


def _write_videos(
    folder: Path, templates: Environment, entries: list[Entry], shared: dict[str, Any]
) -> None:
    """One page a video; each leads to its neighbours in the index."""
    template = templates.get_template("video.html")
    neighbours = zip([None, *entries[:-1]], entries, [*entries[1:], None], strict=True)
    for previous, entry, following in neighbours:
        video = entry.video
        page = template.render(
            **shared,
            **rows(video, shared["report"].classes, shared["colours"]),
            entry=entry,
            video=video,
            source=video_href(video.path, folder) if video.path else None,
            previous=previous,
            following=following,
        )
        write_text(folder / entry.page_name, page)


def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "clock": clock,
        "number": number,
        "percent": percent,
        "readable": readable,
        "span": span,
    }
    environment.globals["RANKING_TIOU"] = RANKING_TIOU
    return environment
