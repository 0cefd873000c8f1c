"""``pipeline watch FOLDER``: prepare and run whatever movie arrives, once."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import job_options
from pipeline.cli.context import project, root_option
from pipeline.errors import ExitCode, Interrupted, NotReady, PipelineError, UsageError
from pipeline.text import printable

if TYPE_CHECKING:
    from pipeline.config.catalog import Catalog
    from pipeline.prepare.batch import Became, Make
    from pipeline.prepare.watch_folder import Arrivals, Signature, Wish


@click.command("watch")
@click.argument("folder", type=click.Path(path_type=Path))
@job_options.options
@click.option("--recursive", is_flag=True, help="Watch the folders below it, too.")
@click.option("--once", is_flag=True, help="See to what is there, then end; for cron.")
@click.option(
    "--every",
    "every",
    type=click.FloatRange(0.1),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="Between looks.",
)
@click.option(
    "--settle",
    type=click.FloatRange(0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a file must have kept its size and time to be whole.",
)
@root_option
def command(folder: Path, recursive: bool, once: bool, every: float, settle: float, **chosen: Any) -> None:
    """Prepare and run whatever movie or recording arrives in FOLDER.

    A file is taken when it has stopped growing. Each is seen to once, also if the watch is stopped and started again;
    one that fails is told and left alone until it changes. Hidden files and downloads that aren't done are ignored.

    Ctrl-C ends it; a run that is stopped by that goes on with the next watch.
    """
    from pipeline.config.catalog import Catalog
    from pipeline.prepare.watch_folder import Arrivals, Wish

    catalog = Catalog(project())
    make = job_options.read(chosen, catalog)
    if not folder.is_dir():
        raise UsageError(f"{printable(str(folder))} is no folder", "name one that movies arrive in")
    request = make(folder)
    wish = Wish(Path(folder).absolute(), request.workflow, request.parameters)
    watch = Watch(catalog, wish, make, Arrivals(wish, recursive, settle))
    with _alone(watch):
        watch.run(once, every)


class Watch:
    """One folder's, and what it has seen to."""

    def __init__(self, catalog: "Catalog", wish: "Wish", make: "Make", arrivals: "Arrivals") -> None:
        from pipeline.jobs.store import JobStore
        from pipeline.prepare.intake import Known
        from pipeline.prepare.watch_folder import Refused

        self.here = catalog.project
        self.wish = wish
        self._catalog = catalog
        self._make = make
        self._arrivals = arrivals
        self._known = Known(JobStore(self.here.jobs))
        self._refused = Refused(self.here, wish)
        self._done: dict[Path, Signature] = {}
        self._told: set[str] = set()
        self._codes: list[int] = []

    def run(self, once: bool, every: float) -> None:
        """Raises ``Interrupted`` where a run was stopped; a watch that is ended between runs ends well."""
        from pipeline.run.supervision.interrupts import asked_within

        _tell(f"watching {printable(str(self.wish.folder))} for the workflow '{self.wish.workflow}'")
        try:
            while True:
                arrived = self._look()
                self._see_to(arrived)
                left = self._arrivals.seconds_left
                if once and (left is None or (not arrived and self._arrivals.is_past_patience)):
                    break
                if asked_within(every if left is None else max(0.05, min(every, left))):
                    _tell("the watch has ended")
                    return
        except KeyboardInterrupt:
            _tell("the watch has ended")
            return
        if any(self._codes):
            raise PipelineError("not everything could be done", "pipeline job list", ExitCode(max(self._codes)))

    def _look(self) -> list[Path]:
        try:
            return self._arrivals.look(self._is_wanted)
        except PipelineError as error:  # the folder is gone for now, as a network's may be
            self._tell_once(error.message)
            return []

    def _is_wanted(self, path: Path) -> bool:
        from pipeline.prepare.intake import signature

        return self._done.get(path) != signature(path) and not self._refused.has(path)

    def _see_to(self, arrived: Sequence[Path]) -> None:
        """Prepare what is new, and run it with what is left of an earlier watch."""
        from pipeline.prepare.batch import prepare_all
        from pipeline.prepare.intake import signature
        from pipeline.prepare.watch_folder import is_seen_to, left_to_run

        seen = {path: found for path in arrived if (found := signature(path))}
        left = [path for path in seen if is_seen_to(self._known, self.wish, path)]
        folders = [folder for path in left if (folder := left_to_run(self._known, self.wish, path))]
        self._done |= {path: seen[path] for path in left}
        new = [self._make(path) for path in seen if path not in left]
        for each in prepare_all(self._catalog, new, None, _tell):
            if each.job:
                _tell(f"{printable(each.input.name)}: {each.job.id}")
                folders.append(each.job.folder)
                self._done[each.input] = seen[each.input]
            else:
                self._note(each, seen[each.input])
        if folders:
            self._run(folders)

    def _note(self, became: "Became", seen: "Signature") -> None:
        from pipeline.prepare.watch_folder import is_the_file_s_fault

        self._tell_once(f"{printable(became.input.name)}: {became.fate}, {became.reason}")
        self._codes.append(int(became.code))
        if is_the_file_s_fault(became):
            self._refused.note(became, seen)
        if is_the_file_s_fault(became) or not became.code:
            self._done[became.input] = seen
        else:  # it is tried again at a later look, but not at each, and by --once not at all
            self._arrivals.postpone(became.input)

    def _run(self, folders: Iterable[Path]) -> None:
        from pipeline.cli import runner
        from pipeline.run.execute import Options

        try:
            runner.run(self.here, list(folders), Options())
        except Interrupted:
            raise
        except PipelineError as error:
            self._codes.append(int(error.exit_code))
            _tell(error.message)

    def _tell_once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            _tell(text)


def _alone(watch: Watch) -> Any:
    """Two watches of the same would both prepare what arrives."""
    from contextlib import contextmanager

    from pipeline.locks import Held, exclusive

    @contextmanager
    def held() -> Any:
        lock = watch.here.cache / "watch" / f"{watch.wish.digest}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        try:
            with exclusive(lock):
                yield
        except Held as error:
            raise NotReady(f"{error.holder} watches this folder for the same already", "let it, or end it") from error

    return held()


def _tell(text: str) -> None:
    click.echo(printable(text), err=True)
