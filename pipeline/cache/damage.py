"""What is wrong with an entry of the store of results."""


class DamagedEntry(Exception):
    """An entry isn't what was stored; the message says how."""
