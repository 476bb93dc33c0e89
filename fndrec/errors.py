"""Exceptions of the package."""


class DataError(ValueError):
    """Input that cannot be used: a file, row, column, id or argument.

    The message names what is wrong and what was expected. The command line
    prints it alone, without a traceback, and exits with status 2.
    """
