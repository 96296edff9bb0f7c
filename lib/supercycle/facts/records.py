"""Reading the tables: values, rows and whole tables, each number with its source."""

from __future__ import annotations

import csv
import difflib
import functools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BASES", "PROVENANCE", "Fact", "describe", "ids", "root", "row", "schema", "sources", "table",
    "tables", "value",
]  # fmt: skip

BASES = ("measured", "published", "derived", "estimate", "recalled")
"""How a number came to be, from strongest to weakest."""

PROVENANCE = ("basis", "confidence", "source", "date", "url", "recalled", "note")
"""The columns that every table ends with."""


class Fact(float):
    """A number that remembers its unit and its source; everywhere else an ordinary float.

    Arithmetic gives plain floats: a product of two sourced numbers is ours, not the source's.

    Attributes
    ----------
    path : str
        ``table/row/column`` or ``table/row``.
    unit : str
    basis : str
        One of `BASES`.
    confidence : str
        ``high``, ``medium`` or ``low``.
    source, date, url, note : str
    low, high : float or None
        The published range, where there is one (long tables).

    Examples
    --------
    >>> peak = value("chips/h100-sxm/bf16_dense_flops_per_s")
    >>> peak.unit, peak.basis
    ('FLOP/s', 'published')
    >>> type(2 * peak)
    <class 'float'>
    """

    path: str
    unit: str
    basis: str
    confidence: str
    source: str
    date: str
    url: str
    note: str
    low: float | None
    high: float | None

    def __new__(cls, number: float, **provenance: Any) -> Fact:  # noqa: D102
        self = super().__new__(cls, number)
        self.__dict__.update(provenance)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (float(self), dict(self.__dict__))

    def describe(self) -> str:
        """One line: the number, its unit, its basis and its source."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"{self.path} = {float(self):g}{unit} ({self.basis}; {self.source}, {self.date})"


def _rebuild(number: float, provenance: dict[str, Any]) -> Fact:
    return Fact(number, **provenance)


def root() -> Path:
    """The folder of the data package: inside an installed wheel, else in the checkout."""
    here = Path(__file__).resolve().parents[1]
    for candidate in (here / "datasets", here.parents[1] / "datasets"):
        if (candidate / "datapackage.json").is_file():
            return candidate
    raise FileNotFoundError(
        f"no datasets/datapackage.json beside {here} or in its checkout: reinstall supercycle"
    )


@functools.cache
def package() -> dict[str, dict[str, Any]]:
    """Resources of the data package by name, as its descriptor says them."""
    text = (root() / "datapackage.json").read_text(encoding="utf-8")
    return {resource["name"]: resource for resource in json.loads(text)["resources"]}


def unknown(kind: str, given: str, valid: Iterable[str]) -> NoReturn:
    """Refuse a name and say which ones are near."""
    valid = sorted(valid)
    begins = [name for name in valid if name.startswith(given.lower())]
    close = difflib.get_close_matches(given.lower(), valid, n=3, cutoff=0.4)
    near = list(dict.fromkeys(begins + close))[:3]
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "valid: " + ", ".join(valid)
    raise ValueError(f"unknown {kind} {given!r}: {hint}")


def tables() -> list[str]:
    """Names of all tables in the data package."""
    return sorted(package())


def describe(name: str) -> str:
    """What a table holds, in one line."""
    schema(name)
    return str(package()[name]["title"])


def ids(name: str) -> list[str]:
    """Row ids of a table, in the order of the file."""
    return list(_rows(name))


def schema(name: str) -> dict[str, dict[str, Any]]:
    """Fields of a table by column name: type, unit, description, constraints."""
    if name not in package():
        unknown("table", str(name), package())
    return {field["name"]: field for field in package()[name]["schema"]["fields"]}


@functools.cache
def _rows(name: str) -> Mapping[str, dict[str, str]]:
    schema(name)  # names the valid tables when this one is unknown
    with (root() / package()[name]["path"]).open(encoding="utf-8", newline="") as lines:
        return {record["id"]: record for record in csv.DictReader(lines)}


def _record(name: str, row_id: str) -> dict[str, str]:
    rows = _rows(name)
    if row_id not in rows:
        unknown(f"row of {name!r}", row_id, rows)
    return rows[row_id]


def _fact(name: str, record: Mapping[str, str], column: str) -> Fact:
    recalled = record.get("recalled", "").split(";")
    long_form = column == "value"
    return Fact(
        float(record[column]),
        path=f"{name}/{record['id']}" + ("" if long_form else f"/{column}"),
        unit=record["unit"] if long_form else schema(name)[column].get("unit", "1"),
        basis="recalled" if column in recalled else record["basis"],
        confidence=record["confidence"],
        source=record["source"],
        date=record["date"],
        url=record["url"],
        note=record.get("note", ""),
        low=float(record["low"]) if long_form and record.get("low") else None,
        high=float(record["high"]) if long_form and record.get("high") else None,
    )


def _is_number(field: Mapping[str, Any]) -> bool:
    return field["type"] in ("number", "integer")


def value(path: str) -> Fact:
    """Return one sourced number.

    Parameters
    ----------
    path : str
        ``"table/row/column"`` for a wide table, ``"table/row"`` for a long one.

    Returns
    -------
    Fact
        A float in the unit that the schema (wide) or the row (long) states.

    Raises
    ------
    ValueError
        When the table, row or column is unknown (the nearest valid names are given), when the
        column holds text, or when the source gives no number for that cell.

    Examples
    --------
    >>> value("chips/h100-sxm/bandwidth_bytes_per_s")
    3350000000000.0
    >>> value("chips/h100-sx/tdp_w")
    Traceback (most recent call last):
    ...
    ValueError: unknown row of 'chips' 'h100-sx': did you mean 'h100-sxm' or 'h200' or 'v100-32gb'?
    """
    parts = path.split("/")
    if len(parts) not in (2, 3):
        raise ValueError(
            f"path {path!r}: write 'table/row/column' or, for a long table, 'table/row'"
        )
    name, row_id = parts[0], parts[1]
    fields = schema(name)
    if len(parts) == 2 and "value" not in fields:
        raise ValueError(f"path {path!r}: {name!r} has several columns, write '{path}/column'")
    column = parts[2] if len(parts) == 3 else "value"
    record = _record(name, row_id)
    if column not in fields:
        unknown(f"column of {name!r}", column, fields)
    if not _is_number(fields[column]):
        raise ValueError(
            f"{path} holds text ({record[column]!r}): read it with facts.table({name!r})"
        )
    if record[column] == "":
        known = [other for other, cells in _rows(name).items() if cells[column] != ""]
        raise ValueError(
            f"{path} is not known: no source gives it. Rows that have it: {', '.join(known)}"
        )
    return _fact(name, record, column)


def row(name: str, row_id: str) -> dict[str, Fact | str | bool | None]:
    """Return all cells of one row: numbers as `Fact`, text as str, empty cells as None."""
    record = _record(name, row_id)
    cells: dict[str, Fact | str | bool | None] = {}
    for column, field in schema(name).items():
        text = record[column]
        if text == "":
            cells[column] = None
        elif _is_number(field):
            cells[column] = _fact(name, record, column)
        elif field["type"] == "boolean":
            cells[column] = text == "true"
        else:
            cells[column] = text
    return cells


def table(name: str) -> pd.DataFrame:
    """Return a whole table, indexed by row id, numbers as floats and empty cells as NaN or ''.

    Parameters
    ----------
    name : str
        One of `tables`.

    Returns
    -------
    pandas.DataFrame
        Shape (rows, columns without ``id``). ``frame.attrs["units"]`` maps columns to units.

    Examples
    --------
    >>> table("chips").loc["h200", "memory_bytes"]
    np.float64(141000000000.0)
    """
    import pandas as pd

    fields = schema(name)
    frame = pd.DataFrame(list(_rows(name).values()), columns=list(fields)).set_index("id")
    for column, field in fields.items():
        if column == "id":
            continue
        if _is_number(field):
            frame[column] = pd.to_numeric(frame[column].replace("", float("nan"))).astype(float)
        elif field["type"] == "boolean":
            frame[column] = frame[column].map({"true": True, "false": False, "": None})
    frame.attrs["units"] = {c: f["unit"] for c, f in fields.items() if "unit" in f}
    return frame


def sources(*values: float) -> str:
    """List where the given numbers come from, one line each, repeated sources once.

    Numbers that are not facts are ours and are skipped.

    Examples
    --------
    >>> print(sources(value("chips/h100-sxm/tdp_w"), 3.0))  # doctest: +ELLIPSIS
    chips/h100-sxm/tdp_w = 700 W (published; ...)
    """
    return "\n".join(dict.fromkeys(v.describe() for v in values if isinstance(v, Fact)))
