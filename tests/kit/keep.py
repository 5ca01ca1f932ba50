"""Keep the recordings of a run as the good ones: `python -m tests.kit.keep reports/out/v1.37.2`.

With names after the directory only those scenarios are kept.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

from fixtures.evidence.control import CONTROL
from tests.kit.edits import RECORDINGS, kept


def keep(run: Path, names: list[str]) -> int:
    """Copy recordings, without the managedFields that no check reads; return how many."""
    facts = json.loads((run / "run.json").read_text(encoding="utf-8"))
    label = facts["label"]
    target = RECORDINGS / label
    target.mkdir(parents=True, exist_ok=True)
    # Of the machine that recorded it nothing matters to a check.
    version, _, profile = label.partition("+")
    words = ["--kubernetes", version, *(["--profile", profile] if profile else [])]
    facts["reproduce"] = " ".join(["nox -s conformance --", *words])
    facts["cluster"]["kernel"] = ""
    text = json.dumps(facts, indent=1, sort_keys=True)
    (target / "run.json").write_text(text + "\n", encoding="utf-8")
    done = 0
    for path in sorted((run / "recordings").glob("*.jsonl")):
        if path.stem == CONTROL or (names and path.stem not in names):
            continue
        lines = []
        with path.open(encoding="utf-8") as file:
            for line in file:
                record: dict[str, Any] = json.loads(line)
                if record["type"] == "watch":
                    record["event"]["object"]["metadata"].pop("managedFields", None)
                lines.append(json.dumps(record, separators=(",", ":")) + "\n")
        # The same recording gives the same bytes: no name and no time of packing inside.
        packed = gzip.compress("".join(lines).encode(), mtime=0)
        kept(label, path.stem).write_bytes(packed)
        done += 1
    return done


if __name__ == "__main__":
    print(keep(Path(sys.argv[1]), sys.argv[2:]), "recordings kept")  # noqa: T201
