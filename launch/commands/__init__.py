"""The commands of `crossgen`: a file here is a command, found by name, loaded when it is called.

A file holds `command` (click), `SECTION` (where `crossgen --help` lists it) and `PLACE` (its rank
there). What a command does is imported inside it: `--help` reads every file of this folder. A
folder is a command with commands of its own.
"""
