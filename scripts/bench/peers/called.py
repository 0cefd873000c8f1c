"""What the benchmark of calls calls, in each tool's worker."""


def nothing() -> None:
    pass


def echo(value):
    return value
