"""Figures keep the alternative text that `supercycle.plots.show` gave them; none may lack it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.util import logging

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)
_render_image = NbElementRenderer.render_image


def _render_image_with_alt(self: NbElementRenderer, data: MimeData) -> list[nodes.Element]:
    """MyST-NB takes a figure's alternative text from its cell alone; ours comes with the output."""
    found = _render_image(self, data)
    alt = data.output_metadata.get(data.mime_type, {}).get("alt")
    for image in found:
        if alt:
            image["alt"] = alt
        elif not image.get("alt"):
            where = (self.source, data.line)
            logger.warning(
                "a figure has no alternative text: plots.show(axes, alt=…)", location=where
            )
    return found


def setup(app: Sphinx) -> dict[str, Any]:
    """Put ours in the place of MyST-NB's."""
    NbElementRenderer.render_image = _render_image_with_alt  # type: ignore[method-assign]
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
