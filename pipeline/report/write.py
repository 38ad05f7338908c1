"""Writing of a report: one page per video, and an index."""

from pathlib import Path
from typing import Any

from pipeline.report import formats
from pipeline.report.data import RunReport
from pipeline.report.drawing import colours
from pipeline.report.media import Media, prepare_media
from pipeline.report.pages import asset, href, templates_of
from pipeline.report.verdicts import (
    JUDGING_TIOU,
    STATE_WORDS,
    localization,
    worst_first,
)
from pipeline.report.video_page import rows
from pipeline.storage import plain, write_text
from pipeline.video.proxy import Proxy

PACKAGE = "pipeline.report"
ASSETS = ("style.css", "index.js", "player.js")
FILTERS = ("clock", "moment", "number", "readable", "share_of", "span")


def write_report(folder: Path, report: RunReport, proxy: Proxy = "auto") -> Path:
    """Write static pages that need neither network nor server; return the index.

    The folder may hold an earlier report. The index is written last, so that its links
    always work. `proxy` says which videos get a small copy that every browser plays.
    """
    templates = templates_of(PACKAGE)
    for name in FILTERS:
        templates.filters[name] = getattr(formats, name)
    for name in ASSETS:
        write_text(folder / "assets" / name, asset(PACKAGE, name))
    entries = worst_first(report.videos)
    shared: dict[str, Any] = {
        "JUDGING_TIOU": JUDGING_TIOU,
        "STATE_WORDS": STATE_WORDS,
        "href": href,
        "report": report,
        "colours": colours(report),
        "media": prepare_media(report.videos, folder, proxy),
    }
    neighbours = zip([None, *entries[:-1]], entries, [*entries[1:], None], strict=True)
    for previous, entry, following in neighbours:
        page = folder / "videos" / entry.page_name
        text = templates.get_template("video.html").render(
            **shared,
            **rows(entry, report.classes, shared["colours"]),
            page=page,
            entry=entry,
            previous=previous,
            following=following,
            video=entry.video,
            medium=shared["media"].get(entry.video.id, Media()),
        )
        write_text(page, text)
    index = folder / "index.html"
    text = templates.get_template("index.html").render(
        **shared,
        page=index,
        entries=entries,
        localization=localization(entries, len(report.models)),
        num_instances=sum(len(entry.verdicts) for entry in entries),
        parameters=formats.flatten(plain(report.parameters)),
    )
    write_text(index, text)
    return index
