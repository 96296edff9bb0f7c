"""What assistants may do for a student: the pages beside the labs, in every student's home."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from hub.folders import CHECKOUT

__all__ = ["pages", "show_pages"]


def pages() -> list[Path]:
    """Return the pages: `AGENTS.md`, which assistants look for, and what it names."""
    return sorted((CHECKOUT / "labs").glob("*.md"))


def show_pages(home: Path) -> None:
    """Write the pages into a home, read-only; a page there, changed or not, is replaced.

    The home is a student's, who may have put links into it: a page takes a name's place and never
    follows where the name leads.
    """
    for page in pages():
        fresh = home / f".{secrets.token_hex(8)}.part"
        try:
            with fresh.open("xb") as out:
                out.write(page.read_bytes())
                os.fchmod(out.fileno(), 0o444)
            fresh.replace(home / page.name)
        finally:
            fresh.unlink(missing_ok=True)
