"""The one error that the command line turns into a sentence and exit status 2."""


class AtlasError(ValueError):
    """Something the reader or the author of a room can mend: what (or file and line), rule, value, remedy."""
