"""What is told to the person at the command line when something cannot go on."""


class Trouble(Exception):
    """Expected at the command line: its text goes to stderr as it is, without a traceback; exit status 1."""
