"""LabelU's JSON export: timestamps of `videoFrameTool`, segments of `videoSegmentTool`.

The format is known from its documentation and code (opendatalab/labelU,
`docs/en/schema` and `labelu/internal/common/converter.py`; opendatalab/labelU-Kit,
`packages/interface`). It is a list of samples with `fileName`, or `fileNames` by key in
older versions, and `result`, a string of JSON. This JSON contains the tools, in a list
`annotations` or, in older versions, by their names. Each tool has `toolName` and a
`result` of `{"time", "label"}`, or `{"start", "end", "label"}`, in seconds.
"""

import json
from collections.abc import Iterator
from typing import Any

from pipeline.points.formats.document import ClickEntry, Document

NAME = "LabelU's JSON export"
TOOLS = ("videoFrameTool", "videoSegmentTool")
NAMES = ("fileName", "fileNames", "url", "urls")


def recognises(document: Document) -> bool:
    """Check whether a document is a list of samples with a result and a file."""
    is_list = isinstance(document.json, list) and document.has_objects("result")
    return is_list and all(sample.keys() & NAMES for sample in document.json)


def entries(document: Document) -> Iterator[ClickEntry]:
    """Yield a click for each timestamp or segment."""
    for index, sample in enumerate(document.json):
        for tool in _tools(sample["result"]):
            for order, mark in enumerate(tool["result"]):
                yield ClickEntry(
                    where=f"$[{index}] ({tool['toolName']}, mark {order + 1})",
                    video=_file_name(sample),
                    label=mark.get("label"),
                    start=mark.get("time", mark.get("start")),
                    end=mark.get("end"),
                )


def _tools(result: Any) -> list[Any]:
    content = json.loads(result or "{}") if isinstance(result, str) else result or {}
    tools = content.get("annotations") or list(content.values())
    return [t for t in tools if isinstance(t, dict) and t.get("toolName") in TOOLS]


def _file_name(sample: dict[str, Any]) -> Any:
    name = next((sample[key] for key in NAMES if sample.get(key)), None)
    return next(iter(name.values()), None) if isinstance(name, dict) else name
