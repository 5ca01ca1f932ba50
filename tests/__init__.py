"""The suite's own tests: they need no cluster."""
