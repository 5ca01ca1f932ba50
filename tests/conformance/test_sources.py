"""Sources of promises: where each can be read, in words that all declarations share."""

from __future__ import annotations

import re

import pytest

from conformance import sources
from conformance.catalogue import declared

ADDRESS = re.compile(
    r"https://(kubernetes\.io|istio\.io|linkerd\.io|github\.com/(kubernetes|istio))/[\w./-]*"
    r"(#[\w-]+)?"
)
UPSTREAM = re.compile(r"kubernetes/kubernetes (\w[\w.-]*/)+\w[\w.-]*( [A-Za-z]\w*)?")
"""A file or a folder, and where a file is long, the function or type in it."""


def is_source(text: str) -> bool:
    return bool(ADDRESS.fullmatch(text) or UPSTREAM.fullmatch(text))


NAMED = {name: value for name, value in vars(sources).items() if name.isupper()}


@pytest.mark.parametrize("value", NAMED.values(), ids=NAMED)
def test_a_shared_source_is_an_address_or_a_file_upstream(value: str) -> None:
    assert is_source(value)


def test_no_source_has_two_names() -> None:
    assert sorted(NAMED.values()) == sorted(set(NAMED.values()))


def test_addresses_are_made_of_what_names_them() -> None:
    github = "https://github.com/kubernetes"
    assert sources.issue(125880) == f"{github}/kubernetes/issues/125880"
    assert sources.pull(120269) == f"{github}/kubernetes/pull/120269"
    assert sources.kep("753-sidecar-containers") == (
        f"{github}/enhancements/tree/master/keps/sig-node/753-sidecar-containers"
    )
    assert sources.upstream("pkg/kubelet/kubelet.go") == (
        "kubernetes/kubernetes pkg/kubelet/kubelet.go"
    )


def test_every_promise_can_be_read_somewhere() -> None:
    found = {one.requirement.id: one.requirement.sources for one in declared()}
    unreadable = {
        identifier: wrong
        for identifier, named in found.items()
        if (wrong := [source for source in named if not is_source(source)])
    }
    assert unreadable == {}
    assert [identifier for identifier, named in found.items() if not named] == []
    assert [identifier for identifier, named in found.items() if len(set(named)) < len(named)] == []
