"""``pipeline watch FOLDER``: prepare and run whatever movie arrives, once."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import job_options, job_request
from pipeline.cli.context import project, root_option
from pipeline.cli.value_types import FiniteRange, NamedPath
from pipeline.errors import ExitCode, Interrupted, NotReady, PipelineError, UsageError
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.config.catalog import Catalog
    from pipeline.prepare.batch import PrepareOutcome, RequestFactory
    from pipeline.prepare.watch_folder import Signature, WatchRequest
    from pipeline.project import ProjectFolder


@click.command("watch")
@click.argument("folder", type=NamedPath(path_type=Path))
@job_options.options
@click.option("--recursive", is_flag=True, help="Watch the folders below it, too.")
@click.option("--once", is_flag=True, help="Prepare and run what is there, then end; for cron.")
@click.option(
    "--every",
    "every",
    type=FiniteRange(0.1),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How often the folder is read.",
)
@click.option(
    "--settle",
    type=FiniteRange(0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a file must have kept its size and time to be whole.",
)
@root_option
def command(folder: Path, recursive: bool, once: bool, every: float, settle: float, **options: Any) -> None:
    """Prepare and run whatever movie or recording arrives in FOLDER.

    A file is taken when it has stopped growing. Each is processed once, even if the watch is stopped and started again;
    one that fails is reported and left alone until it changes. Hidden files and unfinished downloads are ignored.

    Ctrl-C ends the watch; a run that it stops goes on with the next watch.
    """
    from pipeline.config.catalog import Catalog
    from pipeline.prepare.watch_folder import WatchRequest

    catalog = Catalog(project(), saves=False)
    make = job_request.request_factory(options, catalog)
    if not folder.is_dir():
        raise UsageError(f"{printable(str(folder))} is no folder", "name one that movies arrive in")
    first = make(folder)
    takes_media = catalog.workflow(first.workflow).takes_media
    request = WatchRequest(Path(folder).absolute(), first.workflow, first.parameters, takes_media)
    with _alone(catalog.project, request):
        FolderWatch(catalog, request, make, recursive, settle).run(once, every)


class FolderWatch:
    """Prepares and runs what arrives in one folder."""

    def __init__(
        self, catalog: "Catalog", request: "WatchRequest", make: "RequestFactory", recursive: bool, settle: float
    ) -> None:
        from pipeline.prepare.earlier_jobs import EarlierJobs
        from pipeline.prepare.intake import is_media, is_whole
        from pipeline.prepare.watch_folder import Arrivals, RejectedFiles

        self._catalog = catalog
        self._request = request
        self._make = make
        self._arrivals = Arrivals(request.folder, recursive, settle, is_media if request.takes_media else is_whole)
        self._earlier = EarlierJobs(catalog)
        self._rejected = RejectedFiles(catalog.project, request)
        self._done: dict[Path, Signature] = {}
        self._shown: set[str] = set()
        self._codes: list[int] = []

    def run(self, once: bool, every: float) -> None:
        """Raises ``Interrupted`` where a run was stopped; a watch that is ended between runs ends well."""
        from pipeline.run.supervision.interrupts import asked_within

        _show(f"watching {printable(str(self._request.folder))} for the workflow '{self._request.workflow}'")
        try:
            while True:
                arrived = self._arrived()
                self._process(arrived)
                left = self._arrivals.seconds_left
                if once and (left is None or (not arrived and self._arrivals.is_past_patience)):
                    break
                if asked_within(every if left is None else max(0.05, min(every, left))):
                    _show("the watch has ended")
                    return
        except KeyboardInterrupt:
            _show("the watch has ended")
            return
        if any(self._codes):
            raise PipelineError("not everything could be done", "pipeline job list", ExitCode(max(self._codes)))

    def _arrived(self) -> list[Path]:
        try:
            return self._arrivals.look(self._is_wanted)
        except PipelineError as error:  # the folder is gone for now, as a network's may be
            self._show_once(error.message)
            return []

    def _is_wanted(self, path: Path) -> bool:
        from pipeline.prepare.intake import signature

        if self._done.get(path) == signature(path) or self._rejected.has(path):
            return False
        return self._earlier.maker(path) is None

    def _process(self, arrived: Sequence[Path]) -> None:
        """Prepare what is new, and run it together with what an earlier watch has left."""
        from pipeline.prepare.batch import prepare_all
        from pipeline.prepare.intake import signature
        from pipeline.prepare.watch_folder import waits_for_run

        signatures = {path: found for path in arrived if (found := signature(path))}
        earlier = {path: job for path in signatures if (job := self._earlier.find(self._make(path)))}
        done = [path for path, job in earlier.items() if job.has_all]
        folders = [earlier[path].job.folder for path in done if waits_for_run(earlier[path])]
        self._done |= {path: signatures[path] for path in done}
        requests = [
            earlier[path].request if path in earlier else self._make(path) for path in signatures if path not in done
        ]
        for outcome in prepare_all(self._catalog, requests, None, _show):
            if outcome.job:
                _show(f"{printable(outcome.input.name)}: {outcome.job.id}")
                folders.append(outcome.job.folder)
                self._done[outcome.input] = signatures[outcome.input]
            else:
                self._reject(outcome, signatures[outcome.input])
        if folders:
            self._run(folders)

    def _reject(self, outcome: "PrepareOutcome", before: "Signature") -> None:
        from pipeline.prepare.watch_folder import is_the_file_s_fault

        self._show_once(f"{printable(outcome.input.name)}: {outcome.status}, {outcome.reason}")
        self._codes.append(int(outcome.code))
        if is_the_file_s_fault(outcome):
            self._rejected.add(outcome, before)
        if is_the_file_s_fault(outcome) or not outcome.code:
            self._done[outcome.input] = before
        else:  # it is tried again later, but not each time that the folder is read, and by --once not at all
            self._arrivals.postpone(outcome.input)

    def _run(self, folders: Iterable[Path]) -> None:
        from pipeline.cli import runner
        from pipeline.run.execution import Options

        try:
            runner.run(self._catalog.project, list(folders), Options())
        except Interrupted:
            raise
        except PipelineError as error:
            self._codes.append(int(error.exit_code))
            _show(error.message)

    def _show_once(self, text: str) -> None:
        if text not in self._shown:
            self._shown.add(text)
            _show(text)


@contextmanager
def _alone(here: "ProjectFolder", request: "WatchRequest") -> Iterator[None]:
    """Two watches of the same folder for the same would both prepare what arrives. Raises ``NotReady``."""
    from pipeline.locks import Held, exclusive

    lock = here.cache / "watch" / f"{request.id}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with exclusive(lock):
            yield
    except Held as error:
        raise NotReady(
            f"{error.holder} watches this folder for the same already", "let it run, or end it first"
        ) from error


def _show(text: str) -> None:
    click.echo(printable(text), err=True)
