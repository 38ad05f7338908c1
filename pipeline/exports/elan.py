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
from pipeline.exports.media import VideoFiles
from pipeline.exports.subtitles import Cue, make_cues
from pipeline.storage import write_text

SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"
TIER_TYPE = "detections"


def write_eaf(folder: Path, detections: Detections, media: VideoFiles) -> None:
    """Write a file named like each video, with a link to the video if it is known."""
    for id, found in detections.items():
        path = folder / f"{media.name_of(id)}.eaf"
        video = media.file(id)
        document = eaf_document(found, media_link(video, path) if video else {})
        ElementTree.indent(document)
        text = ElementTree.tostring(document, "utf-8", xml_declaration=True)
        write_text(path, text.decode() + "\n")


def media_link(video: Path, document: Path) -> dict[str, str]:
    """Return the link to a video's file, absolute and relative to the document."""
    return {
        "MEDIA_URL": video.resolve().as_uri(),
        "MIME_TYPE": mimetypes.guess_type(video.name)[0] or "unknown",
        "RELATIVE_MEDIA_URL": Path(os.path.relpath(video, document.parent)).as_posix(),
    }


def eaf_document(found: Sequence[Detection], link: dict[str, str]) -> Element:
    """Return the document of one video: its detections, and a link to its file."""
    date = datetime.now().astimezone().isoformat(timespec="seconds")
    versions = {"FORMAT": "3.0", "VERSION": "3.0"}
    schema = {SCHEMA: "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"}
    document = Element(
        "ANNOTATION_DOCUMENT", {"AUTHOR": "soda", "DATE": date, **versions, **schema}
    )
    header = SubElement(
        document, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"}
    )
    if link:
        SubElement(header, "MEDIA_DESCRIPTOR", link)
    # ELAN numbers the annotations that a person adds from here.
    last = SubElement(header, "PROPERTY", {"NAME": "lastUsedAnnotationId"})
    last.text = str(len(found))
    order = SubElement(document, "TIME_ORDER")
    moments: list[tuple[int, str]] = []
    number = count(1)
    for name, lane in make_tiers(make_cues(found)).items():
        attributes = {"LINGUISTIC_TYPE_REF": TIER_TYPE, "TIER_ID": name}
        tier = SubElement(document, "TIER", attributes)
        for cue in lane:
            moments += _add_annotation(tier, next(number), cue)
    for milliseconds, slot in sorted(moments):
        attributes = {"TIME_SLOT_ID": slot, "TIME_VALUE": str(milliseconds)}
        SubElement(order, "TIME_SLOT", attributes)
    kind = SubElement(document, "LINGUISTIC_TYPE", LINGUISTIC_TYPE_ID=TIER_TYPE)
    kind.attrib |= {"GRAPHIC_REFERENCES": "false", "TIME_ALIGNABLE": "true"}
    return document


def _add_annotation(tier: Element, number: int, cue: Cue) -> list[tuple[int, str]]:
    """Add a cue to a tier, and return its two times with the ids of their slots."""
    start, end = f"ts{2 * number - 1}", f"ts{2 * number}"
    slots = {"TIME_SLOT_REF1": start, "TIME_SLOT_REF2": end}
    attributes = {"ANNOTATION_ID": f"a{number}", **slots}
    outer = SubElement(tier, "ANNOTATION")
    annotation = SubElement(outer, "ALIGNABLE_ANNOTATION", attributes)
    SubElement(annotation, "ANNOTATION_VALUE").text = cue.text
    return [(cue.start_milliseconds, start), (cue.end_milliseconds, end)]


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
