"""A page that lists every table: what it holds, in which units, from whom, and who uses it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from supercycle.facts import records

__all__ = ["catalogue", "consumers"]


def catalogue() -> str:
    """Write the catalogue of all tables as a Markdown page.

    Returns
    -------
    str
        One section a table: description, columns with units, rows, how the numbers came to be,
        sources with dates, licence, and the modules of the library that read it.

    Examples
    --------
    >>> page = catalogue()
    >>> page.splitlines()[0]
    '# Catalogue of facts'
    """
    users = consumers()
    names = records.tables()
    rows = {name: [records.row(name, row_id) for row_id in records.ids(name)] for name in names}
    total = sum(map(len, rows.values()))
    page = [
        "# Catalogue of facts",
        "",
        f"{len(names)} tables, {total} rows. Each row says where it is from, when, how it came to "
        "be (*basis*) and how far we trust it (*confidence*). A cell that rests on memory is named "
        "in the row's column `recalled`. Figures that contradict each other stand side by side.",
        "",
        "This page is generated: `supercycle facts --catalogue course/catalogue.md`.",
        "",
        "| table | rows | holds |",
        "| --- | ---: | --- |",
        *(
            f"| [{name}](#{name}) | {len(rows[name])} | {records.describe(name)} |"
            for name in names
        ),
    ]
    for name in names:
        page += ["", *_section(name, rows[name], users.get(name, []))]
    return "\n".join(page) + "\n"


def _section(name: str, rows: Sequence[dict[str, Any]], users: list[str]) -> Iterator[str]:
    resource, fields = records.package()[name], records.schema(name)
    own = {column: field for column, field in fields.items() if column not in records.PROVENANCE}
    bases = Counter(str(row["basis"]) for row in rows)
    recalled_cells = sum(len(str(row["recalled"]).split(";")) for row in rows if row["recalled"])
    basis = ", ".join(f"{bases[b]} {b}" for b in records.BASES if bases[b])
    if recalled_cells:
        basis += f"; single cells recalled: {recalled_cells}"
    years = sorted(y for row in rows for y in re.findall(r"\b(?:19|20)\d\d\b", str(row["date"])))
    yield f"## {name}"
    yield ""
    yield f"**{resource['title']}.** {resource['description']}"
    yield ""
    yield f"- {len(rows)} rows: {basis}."
    if years:
        yield "- Dated " + " to ".join(dict.fromkeys([years[0], years[-1]])) + "."
    yield "- Licence: " + ", ".join(
        f"[{licence['name']}]({licence['path']})" for licence in resource["licenses"]
    ) + "; what a source itself allows stands in its note."  # fmt: skip
    yield "- Read by: " + (", ".join(f"`{user}`" for user in users) or "the labs only") + "."
    yield ""
    yield "| column | unit | meaning |"
    yield "| --- | --- | --- |"
    for column, field in own.items():
        unit = field.get("unit", "in the row" if column in ("value", "low", "high") else "")
        yield f"| `{column}` | {_cell(unit)} | {_cell(field['description'])} |"
    yield ""
    yield from _sources(rows)


def _sources(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """A folded list: each source once, with its dates, a link and its number of rows."""
    cited: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        cited.setdefault(str(row["source"]), []).append(row)
    yield f"<details><summary>{len(cited)} sources</summary>"
    yield ""
    for source, its_rows in sorted(cited.items(), key=lambda item: item[0].casefold()):
        dates = sorted({str(row["date"]) for row in its_rows})
        when = dates[0] if len(dates) == 1 else f"{dates[0]} … {dates[-1]}"
        link = next((str(row["url"]) for row in its_rows if "://" in str(row["url"])), "")
        text = f"[{_cell(source)}]({link})" if link else _cell(source)
        yield f"- {text}, {when}: {len(its_rows)} row{'s' if len(its_rows) > 1 else ''}"
    yield ""
    yield "</details>"


def _cell(text: object) -> str:
    """Text that a Markdown table or link leaves as it is."""
    return re.sub(r"([|\[\]<>*_`])", r"\\\1", " ".join(str(text).split()))


def consumers() -> dict[str, list[str]]:
    """Modules of the library that name each table, found by reading the code.

    A module names a table by a path (``"energy/us-capacity-2025"``, an f-string included), as the
    argument of a function of `facts` (``facts.table("chips")``), or by a string that is nothing
    but a name no other thing has (``"supply-network"``).

    Returns
    -------
    dict of str to list of str
        By table; names of modules without ``supercycle.``, sorted.
    """
    library = Path(__file__).resolve().parents[1]
    found: dict[str, set[str]] = {}
    for path in sorted(library.rglob("*.py")):
        parts = path.relative_to(library).with_suffix("").parts
        if parts[0] == "facts" and parts[1] != "downloads":
            continue
        module = ".".join(part for part in parts if part != "__init__") or "supercycle"
        for name in _tables_named(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(name, set()).add(module)
    return {name: sorted(modules) for name, modules in found.items()}


def _tables_named(tree: ast.Module) -> Iterator[str]:
    known = set(records.tables())
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            head, slash, _ = node.value.partition("/")
            if head in known and (slash or "-" in head):
                yield head
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in ("facts", "records")
        ):
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant) and argument.value in known:
                    yield str(argument.value)
