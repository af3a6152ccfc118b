"""Checks of a printed table against itself, a file each; `all_checks.py` names them in order."""
