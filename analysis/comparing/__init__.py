"""Is A better than B: what is compared, by which test, and the finding in a sentence.

It imports `statistics`, `matrices`, `measuring` and `selecting`.
"""
