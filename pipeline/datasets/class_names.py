"""Names of actions, as somebody types them."""

from pathlib import Path

from pipeline.datasets.dataset import BACKGROUND
from pipeline.datasets.text import read_text
from pipeline.errors import UsageError


def parse_classes(text: str) -> tuple[str, ...]:
    """Names with commas between them, or those of a text file, one a line.

    Raises:
        UsageError: A name is reserved, stands twice, or there is none.

    >>> parse_classes("pour, stir")
    ('pour', 'stir')
    """
    path = Path(text)
    given = read_text(path).splitlines() if path.is_file() else text.split(",")
    names = tuple(name.strip() for name in given if name.strip())
    if not names or BACKGROUND in names or len(set(names)) < len(names):
        raise UsageError(
            f"--classes {text}: expected names of actions, each once, with commas "
            f"between them or one a line in a file; {BACKGROUND!r} is always there"
        )
    return names
