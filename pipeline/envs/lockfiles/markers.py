"""What markers of requirements are held against."""


def place(python: str) -> dict[str, str]:
    """This platform with one version of Python, exact."""
    from packaging.markers import default_environment

    here: dict[str, str] = {name: str(value) for name, value in default_environment().items()}
    return {
        **here,
        "python_version": ".".join(python.split(".")[:2]),
        "python_full_version": python,
        "implementation_version": python,
        "extra": "",
    }
