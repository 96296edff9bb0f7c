"""The verbs of the command ``grader``, by whom they serve: labs, grading, classroom."""
