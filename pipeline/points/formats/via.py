"""The CSV exports of VIA 3 (VGG Image Annotator) for videos.

The format is known from its code (`_via_import_export.js`). It begins with comment
lines, `#`, among them `# ATTRIBUTE = {id: {"aname", "options": {id: text}}}` and
`# CSV_HEADER = ...`, followed by one row per mark. `file_list` is a JSON list of names
or URLs. `temporal_coordinates` is the JSON list [start, end], or [time] for a still, in
seconds. `metadata` maps each attribute to its text, or to the ids of the chosen
options, separated by commas. Chosen options are the labels; texts are used if there are
none. The export of temporal segments has `temporal_segment_start` and
`temporal_segment_end` instead, and texts in `metadata`. Marks without a time belong to
whole files or images, and are left out.
"""

import csv
import json
from collections.abc import Iterator
from typing import Any

from pipeline.points.formats.document import ClickEntry, Document

NAME = "VIA's CSV export"
HEADER, ATTRIBUTE = "# CSV_HEADER", "# ATTRIBUTE"
UNANSWERED = ("", "_DEFAULT")


def recognises(document: Document) -> bool:
    """Check whether a comment of a document names VIA's columns."""
    return "file_list" in _comments(document).get(HEADER, "")


def entries(document: Document) -> Iterator[ClickEntry]:
    """Yield a click for each label of a mark."""
    comments = _comments(document)
    header = [name.strip() for name in comments[HEADER].split(",")]
    attributes = json.loads(comments.get(ATTRIBUTE, "{}"))
    for number, line in document.lines:
        if line.startswith(("#", '"#')):
            continue
        row = dict(zip(header, next(csv.reader([line])), strict=False))
        times = _times(row)
        metadata = json.loads(row["metadata"])
        for label in _labels(metadata, attributes) if times else ():
            yield ClickEntry(
                where=f"line {number}",
                video=next(iter(json.loads(row["file_list"])), None),
                label=label,
                start=times[0],
                end=times[-1],
            )


def _comments(document: Document) -> dict[str, str]:
    """Parse the comments `name = value`.

    A spreadsheet program quotes a comment that has commas, and appends commas.
    """
    said = {}
    for _, line in document.lines:
        text = next(csv.reader([line]))[0] if line.startswith('"#') else line
        if text.startswith("#") and "=" in text:
            name, value = text.split("=", 1)
            said[name.strip()] = value.strip(" ,")
    return said


def _times(row: dict[str, str]) -> list[Any]:
    if "temporal_coordinates" in row:
        times: list[Any] = json.loads(row["temporal_coordinates"])
        return times
    times = [row["temporal_segment_start"], row["temporal_segment_end"]]
    return [time for time in times if time not in ("", "undefined")]


def _labels(metadata: dict[str, str], attributes: dict[str, Any]) -> list[str]:
    """Return the chosen options, else the typed texts, else one empty text."""
    chosen, typed = [], []
    for id, value in metadata.items():
        options = attributes.get(id, {}).get("options", {})
        if options.keys() >= {*value.split(",")}:
            chosen += [options[option] for option in value.split(",")]
        elif value not in UNANSWERED:
            typed.append(value)
    return chosen or typed or [""]
