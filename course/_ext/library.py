"""The library's docstrings as pages: names are found where a package offers them.

A docstring may call a thing by the module that holds it (``supercycle.apps.value.solve``); the
reference lists it under the package that offers it (``supercycle.apps.solve``). A module without a
page of its own (``supercycle.infra.sites``) is its package's. What does not exist stays an error.
"""

from __future__ import annotations

import pkgutil
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sphinx.ext.napoleon import NumpyDocstring

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


def _where_it_is_offered(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.Element
) -> nodes.Element | None:
    """Look for a full name among the packages above the module that holds it."""
    target = str(node.get("reftarget"))
    if node.get("refdomain") != "py" or not target.startswith("supercycle."):
        return None
    try:
        thing = pkgutil.resolve_name(target)
    except (ImportError, AttributeError):
        return None
    domain = env.domains["py"]
    package, _, name = target.rpartition(".")
    while package != "supercycle":
        offered = package if isinstance(thing, ModuleType) else f"{package}.{name}"
        if offered in domain.objects:
            return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", offered, node, text)
        package = package.rpartition(".")[0]
    return None


def _property_as_function(self: NumpyDocstring) -> list[str]:
    """A property's docstring has sections, too, and no type before a colon.

    Napoleon takes "The largest of the four" for the type in "The largest of the four: …", and reads
    no further for Raises and Examples.
    """
    self._what = "method"
    self._parse()
    return []


def setup(app: Sphinx) -> dict[str, Any]:
    """Join the build."""
    NumpyDocstring._parse_attribute_docstring = _property_as_function  # type: ignore[method-assign]
    app.connect("missing-reference", _where_it_is_offered)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
