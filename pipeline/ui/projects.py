"""The projects that one page shows: the one that it was started for, those that were named with it, and those that
this user's store knows of.
"""

import threading
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

from pipeline.digests import sha256_of_bytes
from pipeline.environments import registry_of
from pipeline.errors import PipelineError
from pipeline.jobs.job import JobFolder
from pipeline.jobs.store import JobStore
from pipeline.location import trusted
from pipeline.locks import is_held
from pipeline.project import ProjectFolder, find
from pipeline.ui import pages
from pipeline.ui.access import PageAccess
from pipeline.ui.messages import Denial, Request, Response
from pipeline.ui.site import Site
from pipeline.values import Struct, replace

PROJECTS = "projects"  # the first part of the addresses of other projects than the page's own


class KnownProject(Struct, frozen=True):
    """A project in the list. One with a problem can't be opened."""

    root: Path
    base: str = ""  # of its addresses
    jobs: int = 0
    running: int = 0
    problem: str = ""


class ProjectSites:
    """The site of the page's own project, and under ``/projects/KEY`` that of each other one."""

    def __init__(self, own: ProjectFolder, named: Sequence[ProjectFolder], access: PageAccess) -> None:
        self._own = Site(own, access)
        self._named = {key_of(each.root): each for each in named if key_of(each.root) != key_of(own.root)}
        self._access = access
        self._sites: dict[str, Site] = {}
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Response:
        """Raises ``Denial``, and ``PipelineError`` as the commands do."""
        if request.path[:1] != (PROJECTS,):
            return self._own.answer(request)
        self._own.require(request)
        if len(request.path) == 1:
            if not request.reads:
                raise Denial(HTTPStatus.METHOD_NOT_ALLOWED, "The list of projects can only be read.")
            return Response(body=pages.projects(self._own.project, self._access, self.known()))
        return self._site(request.path[1]).answer(replace(request, path=request.path[2:]))

    def known(self) -> list[KnownProject]:
        """The own one first."""
        others = {key: self._shown(folder, f"/{PROJECTS}/{key}") for key, folder in self._named.items()}
        for key, root in self._registered().items():
            if key not in others:
                others[key] = self._found(key, root)
        return [self._shown(self._own.project, ""), *sorted(others.values(), key=lambda each: str(each.root))]

    def _registered(self) -> dict[str, Path]:
        """Those that use the same store of environments: every command that works on a project registers it there."""
        projects = registry_of(self._own.project).projects
        return {key_of(other.root): other.root for other in projects.others()} if projects else {}

    def _found(self, key: str, root: Path) -> KnownProject:
        try:
            return self._shown(trusted(find(root, root)), f"/{PROJECTS}/{key}")
        except (PipelineError, OSError) as error:
            return KnownProject(root, problem=error.message if isinstance(error, PipelineError) else str(error))

    def _shown(self, project: ProjectFolder, base: str) -> KnownProject:
        folders = [JobFolder(project.jobs / id) for id in JobStore(project.jobs).ids()]
        return KnownProject(project.root, base, len(folders), sum(is_held(each.lock) for each in folders))

    def _site(self, key: str) -> Site:
        """Raises ``Denial`` for a project that isn't known, or not trusted any more."""
        project = self._named.get(key)
        if project is None:
            root = self._registered().get(key)
            if root is None:
                raise Denial(HTTPStatus.NOT_FOUND, "There is no such project.")
            project = trusted(find(root, root))
        with self._lock:
            if key not in self._sites:
                self._sites[key] = Site(project, replace(self._access, base=f"/{PROJECTS}/{key}"))
            return self._sites[key]


def key_of(root: Path) -> str:
    """What stands for the project in an address."""
    return sha256_of_bytes(str(root.resolve()).encode("utf-8", "surrogateescape")).removeprefix("sha256:")[:16]
