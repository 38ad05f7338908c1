"""Writing of a report: one page per video, and an index."""

from pathlib import Path
from typing import Any

from jinja2 import Environment

from pipeline.report.colours import colours
from pipeline.report.data import RunReport
from pipeline.report.formats import (
    clock,
    flatten,
    moment,
    number,
    readable,
    share_of,
    span,
)
from pipeline.report.media import Media, prepare_media
from pipeline.report.pages import asset, href, templates_of
from pipeline.report.ranking import RankedVideo, localization, worst_first
from pipeline.report.verdicts import JUDGING_TIOU, STATE_WORDS
from pipeline.report.video_page import rows
from pipeline.storage import plain, write_text
from pipeline.video.proxy import Proxy

PACKAGE = "pipeline.report"
ASSETS = ("style.css", "index.js", "player.js")


def write_report(folder: Path, report: RunReport, proxy: Proxy = "auto") -> Path:
    """Write static pages that need neither network nor server.

    Args:
        folder: The folder to write, which may hold an earlier report.
        report: What to show.
        proxy: Which videos get a small copy that every browser plays.

    Returns:
        The path of the index, which is written last so that its links always work.
    """
    templates = _templates()
    for name in ASSETS:
        write_text(folder / "assets" / name, asset(PACKAGE, name))
    entries = worst_first(report.videos)
    shared = {
        "report": report,
        "colours": colours(report),
        "media": prepare_media(report.videos, folder, proxy),
    }
    neighbours = zip([None, *entries[:-1]], entries, [*entries[1:], None], strict=True)
    for previous, entry, following in neighbours:
        page = folder / "videos" / entry.page_name
        links = {"previous": previous, "following": following}
        _write_video(page, templates, entry, {**shared, **links})
    index = folder / "index.html"
    text = templates.get_template("index.html").render(
        **shared,
        page=index,
        entries=entries,
        localization=localization(entries, len(report.models)),
        num_instances=sum(len(entry.verdicts) for entry in entries),
        parameters=flatten(plain(report.parameters)),
    )
    write_text(index, text)
    return index


def _write_video(
    page: Path, templates: Environment, entry: RankedVideo, shared: dict[str, Any]
) -> None:
    text = templates.get_template("video.html").render(
        **shared,
        **rows(entry, shared["report"].classes, shared["colours"]),
        page=page,
        entry=entry,
        video=entry.video,
        medium=shared["media"].get(entry.video.id, Media()),
    )
    write_text(page, text)


def _templates() -> Environment:
    environment = templates_of(PACKAGE)
    environment.filters |= {
        "clock": clock,
        "moment": moment,
        "number": number,
        "readable": readable,
        "share_of": share_of,
        "span": span,
    }
    environment.globals |= {
        "JUDGING_TIOU": JUDGING_TIOU,
        "STATE_WORDS": STATE_WORDS,
        "href": href,
    }
    return environment
