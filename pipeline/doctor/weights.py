"""The networks that features are made with."""

from extractors.weights import Stream, cached_weights
from pipeline.doctor.finding import Finding
from pipeline.errors import WeightsError

GET = "soda download thumos14 --what weights"


def rgb_weights() -> Finding:
    """The RGB network, without which no features are made by I3D."""
    found = _look("rgb")
    if found:
        return found
    advice = f"they are fetched when they are needed, or now: {GET}"
    code = WeightsError.exit_code
    return Finding("RGB weights", "problem", "not there", advice, code)


def flow_weights() -> Finding:
    """The flow network, which has a stand-in."""
    return _look("flow") or Finding(
        "flow weights",
        "warning",
        "not there; hof, which needs no network, is used in their place",
        f"{GET} tries to fetch them; --flow-weights takes a file",
    )


def _look(stream: Stream) -> Finding | None:
    """What the cache holds; None if nothing."""
    topic = "RGB weights" if stream == "rgb" else "flow weights"
    try:
        weights = cached_weights(stream)
    except WeightsError as error:
        code = WeightsError.exit_code
        return Finding(topic, "problem", str(error), "delete the file", code)
    if weights is None:
        return None
    found = f"{weights.path}, {weights.origin}, sha256 {weights.sha256[:12]}"
    return Finding(topic, "ok", found)
