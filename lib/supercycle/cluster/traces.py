"""Public request traces as tables of requests.

Three formats are read and recognised by what stands in them:

* Azure's LLM inference traces of 2023 and 2024, CSV with TIMESTAMP, ContextTokens, GeneratedTokens
  (Patel et al. 2024, Splitwise);
* Mooncake's, one JSON object a line with timestamp [ms], input_length, output_length and
  hash_ids, one per block of 512 prompt tokens (Qin et al. 2024);
* BurstGPT's, CSV with Timestamp [s], Model, Request tokens, Response tokens, Total tokens and
  Log Type (Wang et al. 2024).
"""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle.units import MILLI

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MOONCAKE_BLOCK_TOKENS", "read_trace"]

MOONCAKE_BLOCK_TOKENS = 512
"""Prompt tokens that one of Mooncake's hash ids stands for (Qin et al. 2024, §4)."""

_AZURE = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")
_BURSTGPT = ("Timestamp", "Model", "Request tokens", "Response tokens", "Total tokens", "Log Type")
_MOONCAKE = ("timestamp", "input_length", "output_length", "hash_ids")


def read_trace(path: str | Path) -> pd.DataFrame:
    r"""Read a public trace of requests; the format is recognised by its header or first object.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    pandas.DataFrame
        One row a request, in the order of the file: ``arrival_s`` from the first request [s],
        ``input_tokens``, ``output_tokens`` (whole numbers, at least 1). Mooncake adds
        ``hash_ids``, a tuple a request; BurstGPT adds ``model``, ``kind`` and, where the
        file has it, ``session``. ``attrs["format"]`` names the format, ``attrs["failed_requests"]``
        counts rows of BurstGPT with an empty answer: its authors mark failed requests so, and they
        are left out.

    Raises
    ------
    ValueError
        For an unknown format, or a malformed row, named by its line: a number that is none, is
        not whole or is below 1, a time that runs backwards, a missing or surplus field, blocks
        that do not fit the prompt.
    OSError
        When the file cannot be read.

    Notes
    -----
    The traces themselves are their publishers': fetch them, do not ship them. Two equal
    ``hash_ids`` at the same place mean equal text up to there.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "azure.csv")
    ...     _ = path.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n"
    ...                         "2023-11-16 18:15:46.5,374,44\n2023-11-16 18:15:50.0,396,109\n")
    ...     read_trace(path).to_dict("list")
    {'arrival_s': [0.0, 3.5], 'input_tokens': [374, 396], 'output_tokens': [44, 109]}
    """
    path = Path(path)
    with path.open(encoding="utf-8-sig") as lines:
        try:
            first = next((line.strip() for line in lines if line.strip()), "")
        except UnicodeDecodeError:
            raise ValueError(f"{path}: is not a text file in UTF-8") from None
    if first.startswith("{"):
        frame, name = _mooncake(path), "mooncake"
    elif set(_AZURE) <= set(first.split(",")):
        frame, name = _azure(path), "azure"
    elif set(_BURSTGPT[:4]) <= set(first.split(",")):
        frame, name = _burstgpt(path), "burstgpt"
    else:
        raise ValueError(
            f"{path}: begins with {first[:80]!r}; must be a CSV with the columns "
            f"{', '.join(_AZURE)} (Azure) or {', '.join(_BURSTGPT)} (BurstGPT), or one JSON object "
            f"a line with {', '.join(_MOONCAKE)} (Mooncake)"
        )
    if frame.empty:
        raise ValueError(f"{path}: holds no request")
    frame["arrival_s"] -= frame["arrival_s"].iloc[0]
    frame.attrs["format"] = name
    return frame


def _azure(path: Path) -> pd.DataFrame:
    return _csv(path, {"arrival_s": ("TIMESTAMP", _moments_s),
                       "input_tokens": ("ContextTokens", _positive),
                       "output_tokens": ("GeneratedTokens", _positive)})  # fmt: skip


def _burstgpt(path: Path) -> pd.DataFrame:
    frame = _csv(path, {"arrival_s": ("Timestamp", _seconds),
                        "input_tokens": ("Request tokens", _counts),
                        "output_tokens": ("Response tokens", _counts),
                        "model": ("Model", None), "kind": ("Log Type", None),
                        "session": ("Session ID", None)})  # fmt: skip
    answered = (frame["output_tokens"] > 0) & (frame["input_tokens"] > 0)
    kept = frame[answered].reset_index(drop=True)
    kept.attrs["failed_requests"] = int((~answered).sum())
    return kept


# Each turns a column of cells into floats, NaN where a cell is not what it should be.
_Reader = Callable[["pd.Series[Any]"], "pd.Series[float]"]


def _seconds(cells: pd.Series[Any]) -> pd.Series[float]:
    import pandas as pd

    numbers = pd.to_numeric(cells, errors="coerce").astype(float)
    return numbers.where(np.isfinite(numbers))


def _moments_s(cells: pd.Series[Any]) -> pd.Series[float]:
    import pandas as pd

    moments = pd.to_datetime(cells, format="ISO8601", errors="coerce", utc=True)
    return (moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)


def _counts(cells: pd.Series[Any]) -> pd.Series[float]:
    numbers = _seconds(cells)
    return numbers.where((numbers >= 0) & (numbers == np.floor(numbers)))


def _positive(cells: pd.Series[Any]) -> pd.Series[float]:
    numbers = _counts(cells)
    return numbers.where(numbers >= 1)


_VALID: dict[_Reader, str] = {_seconds: "seconds", _moments_s: "a date and time", _counts: "a whole number ≥ 0",
          _positive: "a whole number ≥ 1"}  # fmt: skip


def _csv(path: Path, columns: Mapping[str, tuple[str, _Reader | None]]) -> pd.DataFrame:
    """Read columns of a CSV fast; only a file that does not read is walked line by line."""
    import pandas as pd

    try:
        cells = pd.read_csv(path, encoding="utf-8-sig", index_col=False, low_memory=False)
    except (pd.errors.ParserError, ValueError):
        _name_the_bad_line(path, columns)
        raise
    frame = pd.DataFrame(index=cells.index)
    for name, (column, reader) in columns.items():
        if column in cells:
            frame[name] = cells[column] if reader is None else reader(cells[column])
    numbers = frame[["arrival_s", "input_tokens", "output_tokens"]]
    if numbers.isna().any(axis=None) or not frame["arrival_s"].is_monotonic_increasing:
        _name_the_bad_line(path, columns)
        raise ValueError(f"{path}: a row is not what its header says")
    return frame.astype({"input_tokens": int, "output_tokens": int})


def _name_the_bad_line(path: Path, columns: Mapping[str, tuple[str, _Reader | None]]) -> None:
    """Raise the sentence for the first row that cannot be read."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines)
        header = next(row for row in rows if row)
        before = -np.inf
        while block := [(rows.line_num, row) for row in itertools.islice(rows, _BLOCK) if row]:
            before = _check(path, header, block, columns, before)


_BLOCK = 10_000
"""Rows looked at together: column by column is fast, and a bad cell's row is known in its block."""


def _check(
    path: Path,
    header: list[str],
    block: list[tuple[int, list[str]]],
    columns: Mapping[str, tuple[str, _Reader | None]],
    before: float,
) -> float:
    """Raise for the first bad row of a block; return the time of its last row."""
    import pandas as pd

    wrong: list[tuple[int, str]] = []
    number = [line for line, _ in block]
    for place, (_, row) in enumerate(block):
        if len(row) != len(header):
            wrong.append((place, f"has {len(row)} fields; must be {len(header)}"))
            block = block[:place]
            break
    for name, (column, reader) in columns.items():
        if reader is None or not block:
            continue
        cells = pd.Series([row[header.index(column)] for _, row in block], dtype=object)
        numbers = reader(cells).to_numpy()
        if (bad := np.isnan(numbers)).any():
            place = int(bad.argmax())
            wrong.append((place, f"{column} = {cells[place]!r}; must be {_VALID[reader]}"))
        if name == "arrival_s":
            back = np.diff(numbers, prepend=before) < 0
            if back.any():
                place = int(back.argmax())
                wrong.append((place, f"{column} = {cells[place]!r} is before the line above"))
            before = float(numbers[-1])
    if wrong:
        place, what = min(wrong, key=lambda each: each[0])
        raise ValueError(f"{path}, line {number[place]}: {what}")
    return before


def _mooncake(path: Path) -> pd.DataFrame:
    import pandas as pd

    rows: list[tuple[float, int, int, tuple[int, ...]]] = []
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                rows.append(_mooncake_row(json.loads(line)))
            except (ValueError, TypeError) as wrong:  # not JSON, or not a request
                raise ValueError(f"{path}, line {number}: {wrong}") from None
            if len(rows) > 1 and rows[-1][0] < rows[-2][0]:
                raise ValueError(
                    f"{path}, line {number}: timestamp = {rows[-1][0] / MILLI:g} is before the line above"
                )
    return pd.DataFrame(rows, columns=["arrival_s", "input_tokens", "output_tokens", "hash_ids"])


def _mooncake_row(request: Any) -> tuple[float, int, int, tuple[int, ...]]:
    missing = [k for k in _MOONCAKE if not isinstance(request, dict) or k not in request]
    if missing:
        raise ValueError(
            f"{', '.join(missing)} missing; must be an object with {', '.join(_MOONCAKE)}"
        )
    time_ms, prompt, answer, blocks = (request[k] for k in _MOONCAKE)
    if not isinstance(time_ms, int | float) or not 0 <= time_ms < np.inf:
        raise ValueError(f"timestamp = {time_ms!r}; must be milliseconds ≥ 0")
    for name, count in (("input_length", prompt), ("output_length", answer)):
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise ValueError(f"{name} = {count!r}; must be a whole number ≥ 1")
    needed = -(-prompt // MOONCAKE_BLOCK_TOKENS)
    if not isinstance(blocks, list) or not all(isinstance(block, int) for block in blocks):
        raise ValueError(f"hash_ids = {blocks!r}; must be a list of whole numbers")
    if len(blocks) != needed:
        raise ValueError(
            f"hash_ids has {len(blocks)} blocks; a prompt of {prompt} tokens has {needed} "
            f"of {MOONCAKE_BLOCK_TOKENS}"
        )
    return time_ms * MILLI, prompt, answer, tuple(blocks)
