"""Tables of an experiment as text, Markdown, CSV and LaTeX; tables of papers beside it.

It imports `comparing` and what that imports.
"""
