"""The steps of scenarios, in a module for each area of checks. No step asserts."""
