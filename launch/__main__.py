"""`python -m launch` is the command `crossgen`, for where the package is not installed."""

from launch.cli import main

main()
