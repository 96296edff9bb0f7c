"""Build, grade, verify and report the labs of the course, on nbgrader's formats and gradebook."""

import sys

# jsonschema, which checks notebooks, would compile a grammar of internationalised addresses when it
# is imported: two seconds of every command, for a format that no notebook's schema has.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
