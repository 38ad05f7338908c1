"""HTTP range requests."""

import re

RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def parse_range(header: str | None, size: int) -> range | None:
    """Return the bytes that a `Range` header asks for; empty if they do not exist.

    None means the whole file: there is no range, or one that a server may ignore.

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
