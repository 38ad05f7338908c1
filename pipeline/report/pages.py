"""The templates, assets and relative addresses of all pages."""

import os
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined


def templates_of(package: str) -> Environment:
    """Return a package's templates, which escape values and reject undefined names."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def asset(package: str, name: str) -> str:
    """Return the text of a package's style sheet or script."""
    return (resources.files(package) / "assets" / name).read_text(encoding="utf-8")


def href(path: Path, page: Path) -> str:
    """Return the link from a page to a file, relative so that both can move."""
    return quote(Path(os.path.relpath(path, page.parent)).as_posix())
