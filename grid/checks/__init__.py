"""What is refused or counted of an expansion before anything runs.

May import `grid.expansion` and below.
"""
