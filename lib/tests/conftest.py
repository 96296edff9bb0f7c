"""One hypothesis profile: no deadline (a first call may import SciPy), the same examples each run.

``HYPOTHESIS_PROFILE=many`` draws fresh and more examples (`make check-slow`).
"""

import os

from hypothesis import settings

settings.register_profile("same", deadline=None, derandomize=True, max_examples=60)
settings.register_profile("many", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
