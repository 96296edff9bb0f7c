"""A figure with sliders: turn an assumption and watch the claim change.

The figure itself is an ordinary one with its alternative text, so it stands in a printed notebook, on
a page, and where no widgets are installed; sliders come on top where a notebook can show them.
Nothing that is graded needs them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Knob", "explore"]


@dataclass(frozen=True)
class Knob:
    """What a slider turns.

    Attributes
    ----------
    label : str
        What it is, with its unit.
    start, low, high : float
        Where it stands at first, and its ends.
    log : bool
        Whether equal steps multiply instead of add.
    steps : int
        Steps from end to end.

    Raises
    ------
    ValueError
        When it does not start between its ends, or a multiplying one reaches zero.

    Examples
    --------
    >>> Knob("requests in a batch", 8, 1, 64, log=True, steps=6).settings()
    array([ 1.,  2.,  4.,  8., 16., 32., 64.])
    """

    label: str
    start: float
    low: float
    high: float
    log: bool = False
    steps: int = 40

    def __post_init__(self) -> None:
        if not self.low < self.high or not self.low <= self.start <= self.high:
            raise ValueError(
                f"{self.label}: starts at {self.start:g}, must lie between "
                f"low = {self.low:g} and high = {self.high:g}"
            )
        if self.log and self.low <= 0:
            raise ValueError(f"{self.label}: low = {self.low:g}, a log knob must stay above 0")

    def settings(self) -> np.ndarray:
        """Return every value that the knob can take, shape (steps + 1,)."""
        space = np.geomspace if self.log else np.linspace
        return space(self.low, self.high, self.steps + 1)


def explore(draw: Callable[..., tuple[Axes, str]], **knobs: Knob) -> None:
    """Show what `draw` draws and, where widgets work, a slider for each knob.

    Parameters
    ----------
    draw : callable
        Takes each knob's value by name; returns the axes and the figure's alternative text. What it
        raises while a slider is turned is shown as a sentence, and the last figure stays.
    **knobs : Knob

    Raises
    ------
    ValueError
        Without a knob.
    """
    from IPython.display import DisplayHandle

    if not knobs:
        raise ValueError("knobs: at least one must be given")
    handle = DisplayHandle()
    sliders, said = _sliders(knobs)
    first = plots.bundle(*draw(**{name: knob.start for name, knob in knobs.items()}))
    handle.display(first.data, raw=True, metadata=first.metadata)

    def turned(_change: Any) -> None:
        try:
            now = plots.bundle(*draw(**{name: slider.value for name, slider in sliders.items()}))
        except Exception as error:  # whatever a student's own function raises
            said.value = f"{type(error).__name__}: {error}"
            return
        said.value = ""
        handle.update(now.data, raw=True, metadata=now.metadata)

    for slider in sliders.values():
        slider.observe(turned, names="value")


def _sliders(knobs: dict[str, Knob]) -> tuple[dict[str, Any], Any]:
    """Show a slider for each knob and a line for what goes wrong; nothing without ipywidgets."""
    try:
        import ipywidgets
    except ImportError:
        return {}, None
    wide = ipywidgets.Layout(width="36em")
    sliders = {
        name: ipywidgets.SelectionSlider(
            options=[
                (f"{value:,.4g}", float(value)) for value in _with(knob.start, knob.settings())
            ],
            value=float(knob.start),
            description=knob.label,
            continuous_update=False,
            style={"description_width": "18em"},
            layout=wide,
        )
        for name, knob in knobs.items()
    }
    said = ipywidgets.Label()
    from IPython.display import display

    display(ipywidgets.VBox([*sliders.values(), said]))
    return sliders, said


def _with(start: float, settings: np.ndarray) -> np.ndarray:
    """Put the start in the place of the setting nearest to it."""
    nearest = int(np.argmin(np.abs(settings - start)))
    return np.concatenate([settings[:nearest], [start], settings[nearest + 1 :]])
