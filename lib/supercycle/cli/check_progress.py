"""What a self-learner has done so far, in one small file of their own."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from supercycle.cli.check_notebook import Notebook
from supercycle.cli.check_run import Result

__all__ = ["path", "read", "record"]


def path() -> Path:
    """Where progress lies: ``SUPERCYCLE_PROGRESS`` if that is set, else the user's data folder."""
    import platformdirs

    chosen = os.environ.get("SUPERCYCLE_PROGRESS")
    if chosen:
        return Path(chosen)
    return Path(platformdirs.user_data_path("supercycle", appauthor=False)) / "progress.json"


def read() -> dict[str, dict[str, Any]]:
    """Read what each lab's last check found; nothing before the first.

    Raises
    ------
    ValueError
        When the file is damaged.
    """
    try:
        kept = json.loads(path().read_text(encoding="utf-8"))
        if not all(isinstance(entry["passed"], list) for entry in kept.values()):
            raise TypeError
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ValueError(f"{path()} is damaged: delete it to start anew") from None
    return kept


def record(
    kept: Mapping[str, dict[str, Any]], notebook: Notebook, results: Sequence[Result]
) -> None:
    """Write what a check found; whoever reads meanwhile sees the old file or the new one, whole."""
    entry = {
        "release": notebook.release,
        "checked": datetime.now(UTC).isoformat(timespec="seconds"),
        "passed": [r.check.name for r in results if r.state == "passed"],
        "failed": [r.check.name for r in results if r.state == "failed"],
        "written": [cell.name for cell in notebook.written if cell.changed],
        "points": sum(r.check.points for r in results if r.state == "passed"),
    }
    where = path()
    where.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=where.parent, suffix=".tmp", encoding="utf-8", delete=False
    ) as new:
        json.dump({**kept, notebook.lab: entry}, new, indent=2, sort_keys=True)
        new.write("\n")
    os.replace(new.name, where)
