"""Links out of an environment."""

from pathlib import Path

from pipeline.envs.builder.proof import links_leading_out


def test_a_link_that_leads_out_is_found_and_those_to_the_interpreter_are_not(tmp_path: Path) -> None:
    packages = tmp_path / "lib/python3.11/site-packages"
    packages.mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to("/usr/bin/env")
    (tmp_path / "lib64").symlink_to("lib")
    (packages / "inner").symlink_to("../site-packages")
    (packages / "dangling").symlink_to("absent")
    assert links_leading_out(tmp_path) == []
    (packages / "outer").symlink_to("/etc/hostname")
    (packages / "upward").symlink_to("../../../../elsewhere")
    (tmp_path / "bin/tool").symlink_to("/usr/bin/env")
    assert links_leading_out(tmp_path) == [
        "bin/tool",
        "lib/python3.11/site-packages/outer",
        "lib/python3.11/site-packages/upward",
    ]
