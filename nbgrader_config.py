"""Lets nbgrader's own commands work at the root of the course; the settings are in grading/."""

from pathlib import Path

load_subconfig("nbgrader_config.py", path=str(Path(__file__).resolve().parent / "grading"))
