"""``pipeline ui``."""

import signal
import webbrowser
from pathlib import Path

import click

from pipeline.cli.context import project, root_option
from pipeline.cli.value_types import NamedPath
from pipeline.errors import UsageError
from pipeline.location import locate


@click.command("ui")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port on 127.0.0.1; by default, a free one.")
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@click.option("--edit", "edits", is_flag=True, help="Also let the page run and cancel jobs.")
@click.argument("folders", nargs=-1, type=NamedPath(path_type=Path, file_okay=False), metavar="[FOLDER]...")
@root_option
def command(port: int, opens: bool, edits: bool, folders: tuple[Path, ...]) -> None:
    """Serve a page about this project's jobs, to this machine alone, until Ctrl-C.

    It also lists the projects that use the same store of environments, and those at FOLDER.

    The link that is printed works once. On another machine, forward the same port: ssh -L PORT:127.0.0.1:PORT HOST.
    """
    from pipeline.ui import pages
    from pipeline.ui.access import LINK, PageAccess
    from pipeline.ui.projects import ProjectSites
    from pipeline.ui.server import LocalServer

    here, named = project(), [locate(folder) for folder in folders]
    try:
        server = LocalServer(port)
    except OSError as error:
        raise UsageError(f"port {port} can't be used: {error.strerror}", "pipeline ui") from error
    access = PageAccess(server.port, edits)
    server.answer, server.error_page = ProjectSites(here, named, access).answer, pages.error
    link = f"http://127.0.0.1:{server.port}/{LINK}?once={access.link}"
    click.echo(link)
    click.echo("The link works once, in one browser. Ctrl-C ends the page; runs go on.", err=True)
    if opens:
        webbrowser.open(link)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.serve_forever(poll_interval=1)  # a signal that comes just before it waits is heard then
    except KeyboardInterrupt:
        click.echo("ended", err=True)
    finally:
        server.server_close()
