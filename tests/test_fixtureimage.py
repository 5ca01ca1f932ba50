from __future__ import annotations

from fixtures import fixtureimage


def test_an_image_of_the_user_is_known_by_its_one_name() -> None:
    found = fixtureimage.chosen("example.org/busybox:1")
    assert (found.reference, found.other, found.loaded) == (
        "example.org/busybox:1",
        "example.org/busybox:1",
        False,
    )


def test_a_pod_can_change_to_another_name_of_the_image() -> None:
    for fixture in (fixtureimage.LOADED, fixtureimage.PULLED):
        assert fixture.reference != fixture.other


def test_the_published_image_is_pinned() -> None:
    assert "@sha256:" in fixtureimage.PULLED.reference
    assert "@sha256:" in fixtureimage.PULLED.other
