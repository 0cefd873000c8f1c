"""Steps of a command that a person waits for."""

import click


def show_step(step: str) -> None:
    click.echo(f"{step} …", err=True)
