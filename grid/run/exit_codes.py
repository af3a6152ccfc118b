"""The exit status of a run, for scripts and schedulers; 75 is EX_TEMPFAIL: try again.

With EXIT_BUDGET nobody tries again: the hours that were given are spent.
"""

from __future__ import annotations

EXIT_DONE, EXIT_FAILED, EXIT_REFUSED, EXIT_STORE, EXIT_BUDGET, EXIT_UNFINISHED = 0, 1, 2, 3, 4, 75
