"""uv's settings as TOML, in a file that only its owner can read."""

import tomllib
from pathlib import Path

from pipeline.envs.uv_settings import UvSettings


def test_the_text_is_the_values() -> None:
    settings = UvSettings(
        default_index='https://me:pa"ss\\\x7f@host/é🙂',
        indexes=("https://one", "https://two"),
        find_links=("/a folder",),
        no_index=True,
        pre_releases=True,
        build_variables={"some-package": {"FLAGS": "-O2\n-g"}, "other": {}},
        build_requires={"flash-attn": ("torch==2.0 ; python_version < '3.12'",)},
    )
    assert tomllib.loads(settings.toml()) == settings.values()
    assert settings.values()["extra-build-variables"] == {"some-package": {"FLAGS": "-O2\n-g"}}


def test_without_settings_there_is_no_option() -> None:
    with UvSettings().options() as options:
        assert options == []


def test_the_file_is_there_as_long_as_it_is_needed() -> None:
    with UvSettings(indexes=("https://me:pass@host",)).options() as (_, file):
        assert "me:pass@host" in Path(file).read_text()
    assert not Path(file).exists()


def test_passwords_are_not_in_what_a_traceback_shows() -> None:
    assert "pass" not in repr(UvSettings("https://me:pass@a", ("https://me:pass@b",), ("https://me:pass@c",)))
