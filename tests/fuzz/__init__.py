"""Hostile input to the live note, made by the thousand: `python -m tests.fuzz --help`."""
