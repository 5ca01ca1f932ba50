"""The command that tells the newest releases, for people and for pipelines."""

from __future__ import annotations

import json

import pytest
import yaml

from conformance import __main__ as front
from conformance import versions
from conformance.versions import Wanted
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


OF_PROFILES = [
    Wanted("v1.37.2", "stop-signals"),
    Wanted("v1.37.2", "static-cpus"),
    Wanted("v1.37.2", "graceful-shutdown"),
    Wanted("v1.37.2", "several-nodes"),
    Wanted("v1.37.2", "node-pressure"),
    Wanted("v1.37.2", "metrics-server"),
    Wanted("v1.37.2", "tls-server"),
]


def test_each_profile_has_the_newest_release_that_it_is_for() -> None:
    assert versions.of_profiles(FOUND) == OF_PROFILES  # none of these has the feature gate
    older = ["v1.28.15", "v1.31.14", "v1.32.13"]
    found = {one.profile: one.version for one in versions.of_profiles(older)}
    wanted = {"alpha": "v1.28.15", "kubelet-gate-off": "v1.32.13", "static-cpus": "v1.32.13"}
    assert found.items() >= wanted.items()
    assert "stop-signals" not in found


def test_the_runs_of_profiles_are_told_as_well_where_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert front.main(["versions", "--profiles"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [*FOUND, *(f"{one.version} {one.profile}" for one in OF_PROFILES)]
    assert front.main(["versions", "--profiles", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told[0] == {"version": "v1.36.3", "profile": "", "label": "v1.36.3"}
    wanted = {"version": "v1.37.2", "profile": "static-cpus", "label": "v1.37.2+static-cpus"}
    assert wanted in told
    assert front.main(["versions", "--profiles", "--gitlab"]) == 0
    *jobs, _ = yaml.safe_load(capsys.readouterr().out)["include"]
    wanted = {"job": "v1.37.2+static-cpus", "kubernetes": "v1.37.2", "profile": "static-cpus"}
    assert wanted in [job["inputs"] for job in jobs]


def test_without_a_network_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def offline() -> list[str]:
        raise EnvironmentBrokenError("the newest releases are not known")

    monkeypatch.setattr(releases, "newest", offline)
    assert front.main(["versions", "--json"]) == 3
    assert capsys.readouterr() == ("", "ERROR: the newest releases are not known\n")
