"""Exceptions that are shown as one sentence, without a traceback."""


class UserError(Exception):
    """Bad input: a wrong value, a missing file, a name that does not exist. The text is one clear sentence."""


class Unscored(UserError):
    """What a score is made with is not here. A run that is trained keeps its weights and is scored later."""
