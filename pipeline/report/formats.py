"""Formatting of numbers and values for readers."""

import json
from typing import Any


def clock(seconds: float) -> str:
    """Format a time as video players do.

    >>> clock(65), clock(3725.6)
    ('1:05', '1:02:06')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def moment(seconds: float) -> str:
    """Format a time in seconds to two decimals, adding the clock from a minute on.

    >>> moment(4.97163), moment(3723.5)
    ('4.97 s', '3723.50 s (1:02:03)')
    """
    text = f"{number(seconds)} s"
    return text if seconds < 60 else f"{text} ({clock(int(seconds))})"


def number(value: float) -> str:
    """Format a number with two decimals.

    This is finer than a frame, and than any meaningful difference of scores.

    >>> number(4.97163), number(-0.001)
    ('4.97', '0.00')
    """
    return f"{value:z.2f}"


def share_of(part: float | None, whole: float) -> float:
    """Return a percentage for a bar; an absent or zero part gives an empty bar.

    >>> share_of(1, 4), share_of(None, 4), share_of(0, 0)
    (25.0, 0.0, 0.0)
    """
    return 100 * part / whole if part else 0.0


def span(item: Any) -> str:
    """Format the interval of an instance or a detection.

    >>> from pipeline.datasets import Instance
    >>> span(Instance("kick", 1.0, 2.345))
    '1.00–2.35 s'
    """
    return f"{number(item.start_seconds)}–{number(item.end_seconds)} s"


def flatten(values: dict[str, Any]) -> dict[str, Any]:
    """Return nested parameters by their dotted names.

    >>> flatten({"seed": 0, "train": {"epochs": 60}})
    {'seed': 0, 'train.epochs': 60}
    """
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict) and value:
            flat |= {f"{name}.{key}": item for key, item in flatten(value).items()}
        else:
            flat[name] = value
    return flat


def readable(value: Any) -> str:
    """Format a parameter's value: text as it is, everything else as JSON.

    >>> readable("tvl1"), readable([0.1, None])
    ('tvl1', '[0.1, null]')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
