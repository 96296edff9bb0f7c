"""Records in CSV files that end like every table of facts, and grow row by row."""

from __future__ import annotations

import csv
import datetime
import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

__all__ = ["PROVENANCE", "append", "identifier", "machine_name", "provenance", "read_rows"]

PROVENANCE = ("basis", "confidence", "source", "date", "url", "recalled", "note")


def provenance(*, confidence: str, command: str, note: str) -> dict[str, str]:
    """Cells of a row that we measured ourselves, today."""
    return {
        "basis": "measured",
        "confidence": confidence,
        "source": "Supercycle, own measurement",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "url": command,
        "recalled": "",
        "note": note,
    }


def read_rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a record, none if there is no file yet; another kind of file is refused."""
    if not path.exists() or path.stat().st_size == 0:
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if list(reader.fieldnames or ()) != list(columns):
            raise ValueError(f"{path} is no record of this kind: give the name of a new file")
        return list(reader)


def append(path: Path, columns: Sequence[str], row: dict[str, Any]) -> None:
    """Add a row, after a header if the file is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists() or path.stat().st_size == 0
    with path.open("a", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, columns, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


def identifier(*words: Any) -> str:
    """Join words to a kebab-case id.

    Examples
    --------
    >>> identifier("NVIDIA H100 80GB HBM3", "b1")
    'nvidia-h100-80gb-hbm3-b1'
    """
    text = " ".join(map(str, words)).lower()
    return re.sub(r"[^a-z0-9.]+", "-", text).strip("-.")


def machine_name(device: torch.device) -> str:
    """Name of the accelerator or of the processor."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    found = re.search(r"model name\s*:\s*(.+)", text)
    return found[1].strip() if found else platform.processor() or platform.machine()
