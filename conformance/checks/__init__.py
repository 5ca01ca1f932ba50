"""The checks: `test_<area>.py` declares the promises of an area, each above the check of it."""
