"""Larger public data: kept by its publishers, brought here once, checked by its bytes.

The table ``downloads`` says where each file is, how large, under which licence, and the SHA-256
of the bytes that the course was built with.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from supercycle.facts import records

__all__ = ["fetch", "folder"]

_TIMEOUT_S = 30.0


def folder() -> Path:
    """Where fetched files lie: ``SUPERCYCLE_DATA`` if that is set, else the user's cache."""
    chosen = os.environ.get("SUPERCYCLE_DATA")
    if chosen:
        return Path(chosen).expanduser()
    import pooch  # type: ignore[import-untyped]

    return Path(pooch.os_cache("supercycle"))


def fetch(name: str, *, pinned: bool = True) -> Path:
    """Return the path of a public file, downloading it when it is not here yet.

    The file is looked for in `folder`, under its public name, and is downloaded only if it is not
    there. So a file that you put there yourself is found without a network.

    Parameters
    ----------
    name : str
        A row of the table ``downloads``; ``supercycle fetch`` lists them.
    pinned : bool
        Accept only the bytes that the table pins. ``False`` takes what is in the folder, or else
        what the publisher serves today: the way to read a table that grows.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        For an unknown name, for a file whose bytes are not those pinned (here, or as served), and
        for a file without pinned bytes unless ``pinned=False``.
    OSError
        When the file is not here and cannot be downloaded.

    Examples
    --------
    >>> fetch("azure-llm-2023")
    Traceback (most recent call last):
    ...
    ValueError: unknown row of 'downloads' 'azure-llm-2023': did you mean \
'azure-llm-2023-code' or 'azure-llm-2023-conversation'?
    """
    entry = {column: str(cell or "") for column, cell in records.row("downloads", name).items()}
    path = folder() / entry["file"]
    digest = entry["sha256"]
    if pinned and not digest:
        raise ValueError(
            f"{name} grows and has no pinned bytes: fetch({name!r}, pinned=False) takes today's"
        )
    if path.is_file():
        if pinned and hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise ValueError(
                f"{path} is not the file of {entry['date']} that {name} pins: move it away, or "
                f"take it as it is with fetch({name!r}, pinned=False)"
            )
        return path
    return _download(name, entry["url"], path, digest if pinned else None)


def _download(name: str, url: str, path: Path, digest: str | None) -> Path:
    import logging

    import pooch
    import requests

    pooch.get_logger().setLevel(logging.WARNING)
    place = f"put the file at {path}, or set SUPERCYCLE_DATA to the folder that holds it"
    try:
        pooch.retrieve(
            url,
            known_hash=digest and f"sha256:{digest}",
            fname=path.name,
            path=path.parent,
            downloader=pooch.HTTPDownloader(timeout=_TIMEOUT_S),
        )
    except requests.RequestException as wrong:
        answer = wrong.response
        why = "no answer" if answer is None else f"HTTP {answer.status_code}"
        raise OSError(f"{name} cannot be downloaded from {url} ({why}): {place}") from None
    except ValueError:
        raise ValueError(
            f"{url} no longer serves the bytes that {name} pins: {place}, or take today's with "
            f"fetch({name!r}, pinned=False)"
        ) from None
    return path
