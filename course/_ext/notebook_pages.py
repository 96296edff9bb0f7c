"""Pages that run: figures keep their alternative text and size, hidden cells run where they stand."""

from __future__ import annotations

import re
from binascii import a2b_base64
from typing import TYPE_CHECKING, Any

from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.util import logging

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)
_render_image = NbElementRenderer.render_image


def _width_px(data: MimeData) -> int:
    """Width that a figure was drawn at."""
    if data.mime_type == "image/png":
        return int.from_bytes(a2b_base64(data.content)[16:20], "big")
    drawn = re.search(r'<svg[^>]* viewBox="0 0 (\d+)', data.string)
    if drawn is None:
        raise ValueError(f"a figure of type {data.mime_type} does not say its width")
    return int(drawn[1])


def _render_image_with_alt(self: NbElementRenderer, data: MimeData) -> list[nodes.Element]:
    """MyST-NB takes a figure's alternative text from its cell alone; ours comes with the output.

    With a width of its own a figure becomes a link to itself, which on a phone is the box that it
    slides in.
    """
    found = _render_image(self, data)
    alt = data.output_metadata.get(data.mime_type, {}).get("alt")
    for image in found:
        image["width"] = f"{_width_px(data)}px"
        if alt:
            image["alt"] = alt
        elif not image.get("alt"):
            where = (self.source, data.line)
            logger.warning(
                "a figure has no alternative text: plots.show(axes, alt=…)", location=where
            )
    return found


def _hide_instead_of_remove(app: Sphinx, page: str, source: list[str]) -> None:
    """A removed cell runs late, with the next cell that is shown; a number between would be stale."""
    source[0] = source[0].replace("[remove-cell]", "[remove-input, remove-output]")


def setup(app: Sphinx) -> dict[str, Any]:
    """Put ours in the place of MyST-NB's."""
    app.connect("source-read", _hide_instead_of_remove)
    NbElementRenderer.render_image = _render_image_with_alt  # type: ignore[method-assign]
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
