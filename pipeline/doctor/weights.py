"""Examinations of the weights of the networks that extract features."""

from extractors.weights import Stream, cached_weights
from pipeline.doctor.finding import Finding
from pipeline.errors import WeightsError

GET = "soda download thumos14 --what weights"


def rgb_weights() -> Finding:
    """Examine the weights of the RGB network, which I3D features require."""
    found = _look("rgb")
    if found:
        return found
    advice = f"a run fetches them when it needs them; to fetch them now: {GET}"
    code = WeightsError.exit_code
    return Finding("RGB weights", "problem", "not found", advice, code)


def flow_weights() -> Finding:
    """Examine the weights of the flow network, which a run can do without."""
    return _look("flow") or Finding(
        "flow weights",
        "warning",
        "not found; hof features, which need no network, are used instead",
        f"{GET} tries to fetch them; --flow-weights takes a file",
    )


def _look(stream: Stream) -> Finding | None:
    """Examine the weights in the cache; return None if there are none."""
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
