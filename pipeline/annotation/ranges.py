"""Which bytes of a file a browser asks for."""

import re

RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def parse_range(header: str | None, size: int) -> range | None:
    """The bytes that a `Range` header names; an empty range where there are none.

    None stands for the whole file: no range, or one that need not be understood.

    >>> parse_range("bytes=2-", 10), parse_range("bytes=-3", 10)
    (range(2, 10), range(7, 10))
    >>> parse_range("bytes=0-99", 10), parse_range("bytes=10-", 10)
    (range(0, 10), range(10, 10))
    """
    match = RANGE.fullmatch((header or "").replace(" ", ""))
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        return range(max(size - int(last), 0), size)
    if last and int(last) < int(first):
        return None
    end = min(int(last) + 1, size) if last else size
    return range(min(int(first), size), end)
