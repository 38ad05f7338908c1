"""Prefetching of items in another thread."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

END: Any = object()


def prefetched(items: Iterable[T], depth: int) -> Iterator[T]:
    """Yield items that another thread makes, up to `depth` of them ahead.

    An error is raised in place of the item that caused it.

    >>> list(prefetched(range(4), depth=2))
    [0, 1, 2, 3]
    """
    iterator = iter(items)
    thread = ThreadPoolExecutor(1)
    try:
        ahead = deque(thread.submit(next, iterator, END) for _ in range(depth))
        while (item := ahead.popleft().result()) is not END:
            ahead.append(thread.submit(next, iterator, END))
            yield item
    finally:
        thread.shutdown(cancel_futures=True)
