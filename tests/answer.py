"""A server's answer to a download."""


class Answer:
    """What a server sends: bytes, or an exception while it does."""

    def __init__(self, content):
        self.content = content

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def read(self):
        if isinstance(self.content, Exception):
            raise self.content
        return self.content
