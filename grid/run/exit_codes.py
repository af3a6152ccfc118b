"""The exit status of a run, for scripts and schedulers; 75 is EX_TEMPFAIL: try again."""

from __future__ import annotations

EXIT_DONE, EXIT_FAILED, EXIT_REFUSED, EXIT_STORE, EXIT_UNFINISHED = 0, 1, 2, 3, 75
