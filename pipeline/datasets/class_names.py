"""Names of actions, as users type them."""

from pathlib import Path

from pipeline.datasets.dataset import BACKGROUND
from pipeline.datasets.text import read_text
from pipeline.errors import UsageError


def parse_classes(text: str) -> tuple[str, ...]:
    """Parse names separated by commas, or read them from a text file, one per line.

    Raises:
        UsageError: If a name is reserved or repeated, or if there is none.

    >>> parse_classes("pour, stir")
    ('pour', 'stir')
    """
    path = Path(text)
    given = read_text(path).splitlines() if path.is_file() else text.split(",")
    names = tuple(name.strip() for name in given if name.strip())
    if not names or BACKGROUND in names or len(set(names)) < len(names):
        raise UsageError(
            f"--classes {text}: expected distinct names of actions, separated by "
            f"commas or one per line in a file; leave out {BACKGROUND!r}, which is "
            "always available"
        )
    return names
