"""`report.schema.json` and its neighbours: JSON Schemas, made from the models.

`python -m reports.schema` prints that of a report, with `diff` that of a diff, and with `overhead`
that of what sidecars cost.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from reports.changes import Diff
from reports.jsonreport import encode
from reports.model import Report
from reports.overhead import OverheadReport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

FILE = Path(__file__).with_name("report.schema.json")
DIFF_FILE = Path(__file__).with_name("diff.schema.json")
OVERHEAD_FILE = Path(__file__).with_name("overhead.schema.json")

MODELS: Mapping[str, type[BaseModel]] = {"diff": Diff, "overhead": OverheadReport}
"""By the word that asks for its schema, each model besides that of a report."""


class _Generator(GenerateJsonSchema):
    """Leaves out the titles that only repeat the names of fields."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002
        return False


def schema(model: type[BaseModel] = Report) -> dict[str, Any]:
    """Return the schema of what is written of a model."""
    made = model.model_json_schema(mode="serialization", schema_generator=_Generator)
    return {"$schema": GenerateJsonSchema.schema_dialect, **made}


if __name__ == "__main__":
    sys.stdout.buffer.write(encode(schema(MODELS.get("".join(sys.argv[1:]), Report))))
