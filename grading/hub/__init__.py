"""The class's JupyterHub on one machine: `make hub`."""
