"""Networks of other libraries that are published with their weights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class PublishedNetwork:
    """A network that another library builds, and the file of its weights."""

    name: str
    url: str
    hash_prefix: str  # hex sha256 of the file, or as much of its start as is known
    build: Callable[[], Any]  # nn.Module: random weights, under the names of the file
    head: tuple[str, ...] = ()  # modules to drop: they turn features into classes
