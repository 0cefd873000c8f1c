"""Several projects on one page."""

from http import HTTPStatus
from pathlib import Path

import pytest

from pipeline.environments import registry_of
from pipeline.project import ProjectFolder
from pipeline.ui.access import PageAccess
from pipeline.ui.messages import Denial, Request
from pipeline.ui.projects import ProjectSites, key_of
from pipeline.values import replace
from tests.conftest import Sandbox, make_sandbox
from tests.jobs.helpers import stored

ACCESS = PageAccess(8000, edits=True)


@pytest.fixture
def other(tmp_path: Path) -> Sandbox:
    return make_sandbox(tmp_path / "other" / "<i>project", tmp_path / "other wheels")


def asked(*path: str, method: str = "GET", **headers: str) -> Request:
    usual = {"host": "127.0.0.1:8000", "cookie": f"{ACCESS.cookie_name}={ACCESS.cookie}"}
    return Request(method, path, {}, {**usual, **headers})


def test_a_project_that_was_named_is_shown_with_its_own_jobs(sandbox: Sandbox, other: Sandbox) -> None:
    own, theirs = stored(sandbox.root / "jobs"), stored(other.root / "jobs")
    assert own.id == theirs.id
    sites = ProjectSites(ProjectFolder(sandbox.root), [ProjectFolder(other.root)], ACCESS)
    key = key_of(other.root)
    page = sites.answer(asked("projects")).body.decode()
    assert f'href="/projects/{key}/"' in page
    assert "<i>project" not in page
    shown = sites.answer(asked("projects", key, "jobs", theirs.id)).body.decode()
    assert f'data-action="/projects/{key}/jobs/{theirs.id}/run"' in shown
    assert str(other.root.parent) in shown


def test_projects_that_use_the_same_store_are_known(sandbox: Sandbox, other: Sandbox, tmp_path: Path) -> None:
    store = tmp_path / "store"
    for each in (sandbox, other):
        projects = registry_of(ProjectFolder(each.root, store=store)).projects
        assert projects is not None
        projects.register()
    sites = ProjectSites(ProjectFolder(sandbox.root, store=store), [], ACCESS)
    assert [(each.root, each.problem) for each in sites.known()] == [(sandbox.root, ""), (other.root, "")]
    assert sites.answer(asked("projects", key_of(other.root))).status == HTTPStatus.OK
    other.root.chmod(0o777)
    (_, untrusted) = sites.known()
    assert "may write" in untrusted.problem


@pytest.mark.parametrize(
    "path", [("projects", "..", "x"), ("projects", "0123456789abcdef"), ("projects", "etc", "jobs")]
)
def test_another_folder_is_no_project_of_the_page(sandbox: Sandbox, path: tuple[str, ...]) -> None:
    with pytest.raises(Denial) as denied:
        ProjectSites(ProjectFolder(sandbox.root), [], ACCESS).answer(asked(*path))
    assert denied.value.status == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("rest", [(), ("environments",), ("open",), ("jobs", "x", "events")])
def test_others_are_kept_out_of_each_project(sandbox: Sandbox, other: Sandbox, rest: tuple[str, ...]) -> None:
    """Also by the one-time link, which opens the page's own address alone."""
    sites = ProjectSites(ProjectFolder(sandbox.root), [ProjectFolder(other.root)], ACCESS)
    request = replace(asked("projects", key_of(other.root), *rest, cookie=""), query={"once": ACCESS.link})
    for refused in (request, replace(request, path=("projects",))):
        with pytest.raises(Denial) as denied:
            sites.answer(refused)
        assert denied.value.status == HTTPStatus.FORBIDDEN


def test_what_changes_another_project_needs_the_token(sandbox: Sandbox, other: Sandbox) -> None:
    job = stored(other.root / "jobs")
    sites = ProjectSites(ProjectFolder(sandbox.root), [ProjectFolder(other.root)], ACCESS)
    with pytest.raises(Denial) as denied:
        sites.answer(asked("projects", key_of(other.root), "jobs", job.id, "cancel", method="POST"))
    assert denied.value.status == HTTPStatus.FORBIDDEN
