"""What a user should know though nothing failed: warned of in a sentence that stands alone."""


class Notice(RuntimeWarning):
    """A sentence for the user: the place in the code that warns tells nothing more."""
