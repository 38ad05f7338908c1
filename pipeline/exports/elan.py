"""ELAN's annotation format (EAF 3.0): one document per video, one tier per class."""

import mimetypes
import os
from collections.abc import Sequence
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from pipeline.detection.detections import Detection, Detections
from pipeline.exports.cues import Cue, make_cues
from pipeline.exports.media import VideoFiles
from pipeline.storage import file_name, write_text

SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"
TIER_TYPE = "detections"


def write_eaf(folder: Path, detections: Detections, media: VideoFiles) -> None:
    """Write `<id>.eaf` for every video, with a link to the video file if known."""
    for id, found in detections.items():
        path = folder / f"{file_name(id)}.eaf"
        video = media.file(id)
        link = media_descriptor(video, path) if video else None
        document = eaf_document(found, link)
        ElementTree.indent(document)
        text = ElementTree.tostring(document, "utf-8", xml_declaration=True)
        write_text(path, text.decode() + "\n")


def eaf_document(found: Sequence[Detection], link: Element | None = None) -> Element:
    """Return the document of one video: its detections, and a link to its file."""
    tiers = make_tiers(make_cues(found))
    cues = [cue for lane in tiers.values() for cue in lane]
    document = Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "soda",
            "DATE": datetime.now().astimezone().isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            SCHEMA: "http://www.mpi.nl/tools/elan/EAFv3.0.xsd",
        },
    )
    header = SubElement(
        document, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"}
    )
    if link is not None:
        header.append(link)
    # ELAN numbers the annotations that a person adds from here.
    last = SubElement(header, "PROPERTY", {"NAME": "lastUsedAnnotationId"})
    last.text = str(len(cues))
    _add_time_order(document, cues)
    number = count(1)
    for name, lane in tiers.items():
        attributes = {"LINGUISTIC_TYPE_REF": TIER_TYPE, "TIER_ID": name}
        tier = SubElement(document, "TIER", attributes)
        for cue in lane:
            _add_annotation(tier, next(number), cue)
    attributes = {"GRAPHIC_REFERENCES": "false", "TIME_ALIGNABLE": "true"}
    SubElement(
        document, "LINGUISTIC_TYPE", {"LINGUISTIC_TYPE_ID": TIER_TYPE, **attributes}
    )
    return document


def make_tiers(cues: Sequence[Cue]) -> dict[str, list[Cue]]:
    """Return tiers by name: one per class, and more for cues that overlap.

    ELAN allows no overlap within a tier. Cues must be sorted by time.
    """
    labels = sorted({cue.label for cue in cues})
    tiers: dict[str, list[Cue]] = {label: [] for label in labels}
    for cue in cues:
        more = (f"{cue.label} ({number})" for number in count(2))
        names = chain([cue.label], (name for name in more if name not in labels))
        for name in names:
            lane = tiers.setdefault(name, [])
            if not lane or lane[-1].end_milliseconds <= cue.start_milliseconds:
                lane.append(cue)
                break
    return tiers


def media_descriptor(video: Path, document: Path) -> Element:
    """Return the link to a video's file, absolute and relative to the document."""
    relative = Path(os.path.relpath(video, document.parent)).as_posix()
    return Element(
        "MEDIA_DESCRIPTOR",
        {
            "MEDIA_URL": video.resolve().as_uri(),
            "MIME_TYPE": mimetypes.guess_type(video.name)[0] or "unknown",
            "RELATIVE_MEDIA_URL": relative,
        },
    )


def _add_time_order(document: Element, cues: Sequence[Cue]) -> None:
    """Add the start and end times of annotations 1, 2, ..., sorted by time."""
    moments = [
        moment
        for number, cue in enumerate(cues, start=1)
        for moment in zip(
            (cue.start_milliseconds, cue.end_milliseconds), _slots(number), strict=True
        )
    ]
    order = SubElement(document, "TIME_ORDER")
    for milliseconds, slot in sorted(moments):
        attributes = {"TIME_SLOT_ID": slot, "TIME_VALUE": str(milliseconds)}
        SubElement(order, "TIME_SLOT", attributes)


def _add_annotation(tier: Element, number: int, cue: Cue) -> None:
    start, end = _slots(number)
    annotation = SubElement(
        SubElement(tier, "ANNOTATION"),
        "ALIGNABLE_ANNOTATION",
        {
            "ANNOTATION_ID": f"a{number}",
            "TIME_SLOT_REF1": start,
            "TIME_SLOT_REF2": end,
        },
    )
    SubElement(annotation, "ANNOTATION_VALUE").text = cue.text


def _slots(number: int) -> tuple[str, str]:
    """Return the ids of the time slots at which an annotation starts and ends."""
    return f"ts{2 * number - 1}", f"ts{2 * number}"
