from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.errors import UsageError
from tests.power.fields import page, served
from tests.power.fields.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


def test_the_page_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--page"]) == 0
    assert capsys.readouterr().out == "\n".join(page.lines()) + "\n"


def test_what_is_new_in_a_version_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served, "keep", lambda version: [f"+ spec.new of {version}"])
    assert main(["--take", "v1.38.0"]) == 0
    assert capsys.readouterr().out == "+ spec.new of v1.38.0\n"


def test_a_version_that_cannot_be_had_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep(version: str) -> Iterator[str]:
        raise UsageError(f"Kubernetes {version} cannot be had")

    monkeypatch.setattr(served, "keep", keep)
    assert main(["--take", "v1.99.0"]) == UsageError.exit_status
    assert capsys.readouterr().err == "ERROR: Kubernetes v1.99.0 cannot be had\n"
