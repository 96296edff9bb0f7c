"""Sourced numbers: every constant of the course, with where it came from.

Facts live in ``datasets/`` as a Frictionless Data Package: one CSV per table, one row per thing,
and in each row the source, its date, a link, how the number came to be (*basis*) and how far we
trust it (*confidence*). Two shapes of table exist:

* **wide** tables have one thing a row and one quantity a column (``chips``, ``models``);
  a value's path is ``table/row/column`` and its unit stands in the schema;
* **long** tables have one value a row (columns ``value``, ``low``, ``high``, ``unit``);
  a value's path is ``table/row``.

Larger files stay with their publishers: `fetch` brings one here and checks its bytes.
"""

from supercycle.facts.catalogue import catalogue
from supercycle.facts.downloads import fetch
from supercycle.facts.records import (
    BASES,
    PROVENANCE,
    Fact,
    describe,
    ids,
    row,
    schema,
    sources,
    table,
    tables,
    value,
)

__all__ = [
    "BASES", "PROVENANCE", "Fact", "catalogue", "describe", "fetch", "ids", "row", "schema",
    "sources", "table", "tables", "value",
]  # fmt: skip
