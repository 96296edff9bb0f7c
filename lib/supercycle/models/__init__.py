"""Floor 4, models: what a language model costs to train and to serve.

One module an idea, each used by its name: `inference.predict`, `training.estimate`,
`scaling.fit`, `frontier.sweep`, `ttft.budget`, `lifecycle.life_cycle`, `open_weights.lead`,
`fitting.leave_one_source_out`. The things they speak of stand here.
"""

from supercycle.models import (
    engines,
    fitting,
    frontier,
    inference,
    lifecycle,
    measurements,
    open_weights,
    scaling,
    training,
    ttft,
)
from supercycle.models.architecture import (
    Experts,
    Latent,
    TransformerConfig,
    Window,
    get,
    names,
)
from supercycle.models.engines import ROOFLINE, Calibration
from supercycle.models.frontier import Frontier
from supercycle.models.inference import Prediction
from supercycle.models.lifecycle import LifeCycle
from supercycle.models.measurements import Measurement
from supercycle.models.open_weights import Lead
from supercycle.models.scaling import DataConstrainedLaw, FittedLaw, ScalingLaw
from supercycle.models.training import Iteration, TrainingEstimate
from supercycle.models.ttft import Budget

__all__ = [
    "ROOFLINE", "Budget", "Calibration", "DataConstrainedLaw", "Experts", "FittedLaw", "Frontier",
    "Iteration", "Latent", "Lead", "LifeCycle", "Measurement", "Prediction", "ScalingLaw",
    "TrainingEstimate", "TransformerConfig", "Window", "engines", "fitting", "frontier", "get",
    "inference", "lifecycle", "measurements", "names", "open_weights", "scaling", "training", "ttft",
]  # fmt: skip
