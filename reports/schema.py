"""`report.schema.json` and `diff.schema.json`: JSON Schemas, made from the models.

`python -m reports.schema` prints that of a report, `python -m reports.schema diff` that of a diff.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from reports.changes import Diff
from reports.jsonreport import encode
from reports.model import Report

if TYPE_CHECKING:
    from pydantic import BaseModel

FILE = Path(__file__).with_name("report.schema.json")
DIFF_FILE = Path(__file__).with_name("diff.schema.json")


class _Generator(GenerateJsonSchema):
    """Leaves out the titles that only repeat the names of fields."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002
        return False


def schema(model: type[BaseModel] = Report) -> dict[str, Any]:
    """Return the schema of what is written of a model: of a report, or of a diff."""
    made = model.model_json_schema(mode="serialization", schema_generator=_Generator)
    return {"$schema": GenerateJsonSchema.schema_dialect, **made}


if __name__ == "__main__":
    sys.stdout.buffer.write(encode(schema(Diff if sys.argv[1:] == ["diff"] else Report)))
