"""What loaders raise."""


class DataError(RuntimeError):
    """A data set that is absent, damaged or not the expected one; the message is one sentence to the user."""
