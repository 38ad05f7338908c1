"""Flags from dataclass fields: their help, and the values that their texts mean."""

import difflib
from collections.abc import Iterable
from contextlib import suppress
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pipeline.errors import UsageError

EXPECTED = {
    int: "a whole number",
    float: "a number",
    tuple: "start:stop:step or numbers with commas",
}


def help_of(kind: type[Any], name: str) -> str:
    """Return the help of a dataclass's field: its annotation, choices and default.

    A percent sign is doubled, because the command line formats what it shows.
    """
    hint = get_type_hints(kind, include_extras=True)[name]
    text = get_args(hint)[1] if get_origin(hint) is Annotated else ""
    choices = base_type(hint)
    if get_origin(choices) is Literal:
        text = f"{text} ({'|'.join(map(str, get_args(choices)))})"
    default = getattr(kind(), name)
    if default not in (None, "", False) and "(default" not in text:
        shown = ",".join(map(str, default)) if isinstance(default, tuple) else default
        text = f"{text} [{shown}]"
    return text.replace("%", "%%")


def base_type(hint: Any) -> Any:
    """Return a hint without its annotation and without `None`.

    >>> base_type(Annotated[str | None, "a name"])
    <class 'str'>
    """
    if get_origin(hint) is Annotated:
        return base_type(get_args(hint)[0])
    if NoneType in get_args(hint):
        (kind,) = (arg for arg in get_args(hint) if arg is not NoneType)
        return kind
    return hint


def value_of(kind: type[Any], name: str, text: str, flag: str) -> Any:
    """Turn a command line's text into the value of a dataclass's field.

    Raises:
        UsageError: The text is no value of the field's type; the message says what
            is expected.
    """
    hint = base_type(get_type_hints(kind)[name])
    origin = get_origin(hint)
    if origin is Literal:
        if text in get_args(hint):
            return text
        expected = f"one of {', '.join(get_args(hint))}"
    else:
        with suppress(ValueError):
            return parse_values(text) if origin is tuple else hint(text)
        expected = EXPECTED.get(origin or hint, hint)
    raise UsageError(f"{flag} {text}: expected {expected}")


def parse_values(text: str) -> tuple[float, ...]:
    """Parse numbers as `start:stop:step`, the stop counted, or separated by commas.

    >>> parse_values("0.1:0.3:0.1")
    (0.1, 0.2, 0.3)
    >>> parse_values("0.5,0.75")
    (0.5, 0.75)
    """
    if ":" not in text:
        return tuple(float(part) for part in text.split(","))
    start, stop, step = (float(part) for part in text.split(":"))
    if step <= 0 or stop < start:
        raise ValueError(f"no values from {start} to {stop} in steps of {step}")
    count = int((stop - start) / step + 1e-6) + 1
    return tuple(round(start + i * step, 10) for i in range(count))


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return the sentence for a name that is not known, with the nearest that is."""
    near = difflib.get_close_matches(name, list(known), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
    return f"unknown {what} {name!r}{hint}"
