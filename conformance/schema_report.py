"""Prints what the schema proxy validated; fails when a reply broke a reference schema or none was validated."""

import json
import pathlib
import sys

report = json.loads(pathlib.Path(sys.argv[1]).read_text())
rows = report["validated"]
print(f"== schemas: {sum(rows.values())} replies of {len(rows)} operations and statuses validated")
for violation in report["violations"]:
    print("violation:", violation)
sys.exit(1 if report["violations"] or len(rows) < 40 else 0)
