"""Build, grade, verify and report the labs of the course, on nbgrader's formats and gradebook."""
