"""What checks of several areas need besides sidecars, because admission may change pods."""

from __future__ import annotations

from fixtures.evidence.capabilities import Capability

OWN_CONTAINERS = (Capability.SIDECARS, Capability.UNCHANGED_CONTAINERS)
"""For checks of counts and of positions in a spec: all others know containers by their names."""

OWN_RESOURCES = (*OWN_CONTAINERS, Capability.UNCHANGED_RESOURCES)
"""For checks of what a pod requests as a whole, to which each of its containers adds."""

OWN_GRACE = (Capability.SIDECARS, Capability.UNCHANGED_GRACE)
"""For checks of what happens within the grace period that a manifest states."""
