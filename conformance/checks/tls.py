"""Requests over TLS, by the first byte that they send to a container which answers nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fixtures.evidence.pods import Container

HANDSHAKE = 22
"""The first byte of a connection over TLS: the content type of its first record (RFC 8446, 5.1)."""


def assert_only_tls(container: Container, word: str) -> None:
    """Assert that all requests of which a container has told with a word were sent over TLS."""
    assert container.last.said(f"{word} {HANDSHAKE}")
    told = [one.text for one in container.last.lines if one.begins_with(word)]
    others = [one for one in told if one != f"{word} {HANDSHAKE}"]
    assert not others, f"{container} was sent {others}"
