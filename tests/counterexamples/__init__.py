"""Counter-examples: for each check, recordings on which it has to fail.

Each is a good recording from a real cluster with one edit that says what it breaks. The modules
are named after their areas, as those in `conformance/checks`.
"""
