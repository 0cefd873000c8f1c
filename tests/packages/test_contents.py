"""What a package has: all that decides what its workflow does, and nothing else."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError, UsageError
from tests.conftest import Sandbox
from tests.packages.conftest import content_of, made

COMMAND = """environment: alpha
files: [tool.sh]
command: ["{file.tool.sh}"]
outputs: {text: text.txt}
stdout: text
"""


def test_a_workflow_its_stages_and_their_environments_go_in(package: Path) -> None:
    manifest, files = content_of(package)
    assert sorted(files) == [
        "project/config/environments/alpha.yaml",
        "project/config/workflows/tested.yaml",
        "project/requirements/alpha.lock",
        "project/requirements/alpha.txt",
        "project/stages/report_alpha.py",
    ]
    assert manifest["environments"]["alpha"].keys() == {"project/requirements/alpha.lock"}
    assert (manifest["platform"], manifest["extends"], manifest["models"]) == (None, False, {})


def test_modules_and_the_files_of_commands_go_in(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.write("stages/modules/shared/__init__.py", "")
    sandbox.write("stages/modules/shared/table.json", "{}")
    source = (
        (sandbox.root / "stages/noop.py")
        .read_text()
        .replace("[tool.pipeline.stage]", '[tool.pipeline.stage]\n# modules = ["shared"]', 1)
    )
    sandbox.write("stages/noop.py", source)
    sandbox.write("stages/shell.yaml", COMMAND)
    sandbox.write("stages/tool.sh", "#!/bin/sh\necho hello\n").chmod(0o755)
    sandbox.workflow("tested", "noop: {}\nshell: {}")
    _, files = content_of(made(sandbox, tmp_path / "p.pkg"))
    assert {
        "project/stages/modules/shared/__init__.py",
        "project/stages/modules/shared/table.json",
        "project/stages/shell.yaml",
        "project/stages/tool.sh",
    } <= files.keys()


@pytest.mark.long
def test_what_comes_with_the_tool_goes_along_in_a_folder_of_its_own(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.write("config/pipeline.yaml", "extends: media\n")
    manifest, files = content_of(made(sandbox, tmp_path / "p.pkg", "transcribe"))
    assert manifest["extends"]
    assert {"extended/config/workflows/transcribe.yaml", "extended/stages/asr.py", "extended/config/engines.yaml"} <= (
        files.keys()
    )
    assert "extended/stages/mux.py" not in files
    assert manifest["models"]["whisper-base"]["digest"].startswith("sha256:")
    assert not manifest["models"]["whisper-base"]["inside"]


def test_only_the_models_that_a_workflow_uses_are_described(sandbox: Sandbox, tmp_path: Path) -> None:
    entry = "{{files: {{a.bin: '{}'}}, sources: [{{folder: models/{}}}]}}"
    digests = {"used": "1" * 64, "other": "2" * 64}
    sandbox.write("config/models.yaml", "".join(f"{n}: {entry.format(d, n)}\n" for n, d in digests.items()))
    sandbox.write("config/environments/alpha.yaml", 'python: ">=3.11"\nimports: [quirk]\nmodels: [used]\n')
    sandbox.workflow("tested", "report_alpha: {}")
    manifest, files = content_of(made(sandbox, tmp_path / "p.pkg"))
    assert manifest["models"].keys() == {"used"}
    assert b"other" not in files["project/config/models.yaml"]


def test_the_same_package_twice_is_the_same_bytes(sandbox: Sandbox, package: Path, tmp_path: Path) -> None:
    (sandbox.root / "stages/report_alpha.py").touch()
    (sandbox.root / "stages/report_alpha.py").chmod(0o700)
    assert made(sandbox, tmp_path / "again.pkg").read_bytes() == package.read_bytes()


def test_a_workflow_without_a_lock_names_the_command_that_makes_it(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.workflow("tested", "report_alpha: {}")
    (sandbox.root / "requirements/alpha.lock").unlink()
    with pytest.raises(ConfigurationError) as caught:
        made(sandbox, tmp_path / "p.pkg")
    assert caught.value.next_step == "pipeline env lock alpha"
    assert not (tmp_path / "p.pkg").exists()


def test_what_only_this_machine_has_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.workflow("tested", "report_alpha: {}")
    sandbox.write("requirements/alpha.txt", "-e ../mine\n")
    with pytest.raises(UsageError, match="file of this machine"):
        made(sandbox, tmp_path / "p.pkg")
    sandbox.write("config/environments/alpha.yaml", "interpreter: /usr\n")
    with pytest.raises(UsageError, match="external environment"):
        made(sandbox, tmp_path / "p.pkg")


@pytest.mark.parametrize("name", ["aux.json", "a:b.json", ".hidden.json"])
def test_a_file_that_other_systems_can_t_have_is_told_when_the_package_is_made(
    sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    sandbox.write(f"stages/{name}", "#!/bin/sh\n")
    sandbox.write("stages/shell.yaml", COMMAND.replace("tool.sh", name))
    sandbox.workflow("tested", "shell: {}")
    with pytest.raises(UsageError, match="can't be carried"):
        made(sandbox, tmp_path / "p.pkg")
    assert not (tmp_path / "p.pkg").exists()
