"""The download of annotations, and the verification of files already present."""

from collections.abc import Sequence
from pathlib import Path

from extractors.transfer import SILENCE_SECONDS, TransferError, transfer
from pipeline.datasets.published import PublishedDataset, PublishedFile
from pipeline.errors import AnnotationError, InputNotFoundError, UsageError
from pipeline.progress import Progress, say


def download_annotations(
    dataset: PublishedDataset,
    folder: Path,
    mirrors: Sequence[str] = (),
    silence_seconds: float = SILENCE_SECONDS,
) -> None:
    """Download the annotations of a benchmark into a folder, created if missing.

    Files that are already there are verified instead. Mirrors are web folders that hold
    the files under the same names, used instead of the published addresses. A server
    that sends nothing for `silence_seconds` is given up.

    Raises:
        InputNotFoundError: If a file cannot be downloaded. The message says how to get
            it.
        AnnotationError: If an existing file is not the published one.
        UsageError: If the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in dataset.files:
            if not _is_there(file, folder):
                _download(file, folder / file.name, mirrors, silence_seconds)
            if file.unpacked and not file.unpacked.are_in(folder):
                say(f"unpacked: {file.unpacked.unpack(folder / file.name)}")
    except (InputNotFoundError, AnnotationError):
        raise
    except OSError as error:
        raise UsageError(
            f"{folder}: expected a folder that can be written, found "
            f"“{error.strerror}”; choose another with --data-dir"
        ) from error


def _is_there(file: PublishedFile, folder: Path) -> bool:
    """Check whether the file, or its content unpacked, is in the folder.

    Raises:
        AnnotationError: If a file of that name is not the published one.
    """
    path = folder
    try:
        if file.unpacked is None or not file.unpacked.are_in(folder):
            path = folder / file.name
            if not path.exists():
                return False
            file.verify(path, path)
    except ValueError as error:
        raise AnnotationError(
            f"{path}: {error}; move it away to download the published one"
        ) from error
    say(f"{path}: {file.name} is already there, verified by {file.known_by}")
    return True


def _download(
    file: PublishedFile, target: Path, mirrors: Sequence[str], silence_seconds: float
) -> None:
    """Try one address after the other."""
    urls = [f"{mirror.rstrip('/')}/{file.name}" for mirror in mirrors] or file.urls
    failures = []
    for url in urls:
        say(f"downloading {url}")
        bar = TransferBar(file.name)
        try:
            transfer(
                url,
                target,
                kind=file.kind,
                check=lambda content: file.verify(content, target),
                report=bar,
                silence_seconds=silence_seconds,
            )
        except TransferError as error:
            failures.append(f"  {url}: {error}")
        else:
            say(f"{target}: downloaded, verified by {file.known_by}")
            return
        finally:
            bar.clear()
    tried = "\n".join(failures)
    raise InputNotFoundError(
        f"{target}: expected {file.kind} that can be downloaded, found none:\n{tried}\n"
        f"download {file.urls[0]} on another machine, copy it to {target}, and run the "
        "same command again. If this machine reaches the web through a proxy, set "
        "HTTPS_PROXY; --mirror names another server"
    )


class TransferBar:
    """A progress bar that begins where a resumed transfer does."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.start = 0  # bytes that were there before the transfer
        self.bar: Progress | None = None

    def __call__(self, done: int, whole: int | None) -> None:
        """Show that `done` of `whole` bytes are there; no bar if `whole` is None."""
        if whole is None:
            return
        if self.bar is None or done < self.start:
            self.start = done
            self.bar = Progress(self.name, 1, [float(whole - done)], unit="file")
        self.bar.update(done - self.start)

    def clear(self) -> None:
        """Remove the bar."""
        if self.bar:
            self.bar.clear()
