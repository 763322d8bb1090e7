"""Figures of the speed table, each with its method. Run by their commands, never by the tests."""
