"""Which course this is, and where its exchange lies."""

import os

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "supercycle"
c.Exchange.root = os.environ["SUPERCYCLE_EXCHANGE"]
