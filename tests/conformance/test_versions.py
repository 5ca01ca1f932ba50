"""The command that tells the newest releases, for people and for pipelines."""

from __future__ import annotations

import json

import pytest
import yaml

from conformance import __main__ as front
from fixtures.errors import EnvironmentBrokenError
from fixtures.images import releases

FOUND = ["v1.36.3", "v1.37.2", "v1.38.0-rc.1"]


@pytest.fixture(autouse=True)
def _newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "newest", lambda: FOUND)


def test_a_person_gets_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert front.main(["versions"]) == 0
    assert capsys.readouterr().out.splitlines() == FOUND


def test_json_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert front.main(["versions", "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == FOUND


def test_the_pipeline_has_a_job_for_each_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert front.main(["versions", "--gitlab"]) == 0
    *jobs, _ = yaml.safe_load(capsys.readouterr().out)["include"]
    assert [job["inputs"] for job in jobs] == [{"job": v, "kubernetes": v} for v in FOUND]


def test_without_a_network_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def offline() -> list[str]:
        raise EnvironmentBrokenError("the newest releases are not known")

    monkeypatch.setattr(releases, "newest", offline)
    assert front.main(["versions", "--json"]) == 3
    assert capsys.readouterr() == ("", "ERROR: the newest releases are not known\n")
