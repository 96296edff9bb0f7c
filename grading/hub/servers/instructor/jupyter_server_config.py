"""The instructor's server; each line differs from Jupyter's default for the reason beside it."""

import os

c = get_config()  # noqa: F821
# Formgrader is a page in a frame of JupyterLab. JupyterHub forbids all frames; one page of the same
# server may be framed, and nobody else's.
c.ServerApp.tornado_settings = {"headers": {"Content-Security-Policy": "frame-ancestors 'self'"}}
# Formulas on the page for manual grading, from this machine.
c.ServerApp.extra_static_paths = [os.environ["HUB_MATHJAX"]]
