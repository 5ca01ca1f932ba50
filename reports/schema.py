"""`report.schema.json`: the JSON Schema of a report, made from its model.

`python -m reports.schema` prints it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from reports.jsonreport import encode
from reports.model import Report

FILE = Path(__file__).with_name("report.schema.json")


class _Generator(GenerateJsonSchema):
    """Leaves out the titles that only repeat the names of fields."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002
        return False


def schema() -> dict[str, Any]:
    """Return the schema of what `jsonreport.write` writes."""
    made = Report.model_json_schema(mode="serialization", schema_generator=_Generator)
    return {"$schema": GenerateJsonSchema.schema_dialect, **made}


if __name__ == "__main__":
    sys.stdout.buffer.write(encode(schema()))
