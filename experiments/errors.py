"""The one exception for mistakes of the caller: shown as one sentence, without a traceback."""


class UserError(Exception):
    """Bad input: a wrong value, a missing file, a name that does not exist. The text is one clear sentence."""
