"""The environment variables of a stage, as a pure function of the caller's variables and the environment."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.envs.platform.layout import program_folders
from pipeline.values import Struct

if TYPE_CHECKING:
    from pipeline.envs.definition import Definition

REMOVED = {
    "PYTHONPATH": "would put other packages before the environment's own",
    "PYTHONHOME": "would replace the standard library",
    "PYTHONSTARTUP": "belongs to a person's interactive sessions",
    "PYTHONUSERBASE": "would add a user's packages",
    "PYTHONPLATLIBDIR": "would move the library folder",
    "PYTHONEXECUTABLE": "would make the interpreter take another prefix",
    "__PYVENV_LAUNCHER__": "makes a macOS interpreter believe that it is another environment's",
    "VIRTUAL_ENV_PROMPT": "names the environment that the person has activated, not this one",
    "CONDA_PREFIX": "sends libraries and tools to an active conda environment",
    "CONDA_DEFAULT_ENV": "names an active conda environment",
    "LD_PRELOAD": "would load another library into every stage",
}

# Libraries keep their own files in the project's cache: the same for all users of the project, on the disk that was
# chosen for it, and never in an environment.
USUAL = {
    "XDG_CACHE_HOME": "{cache}/home",  # libraries that follow the standard: font caches, whisper, argos
    "HF_HOME": "{cache}/home/huggingface",  # models that a stage loads by name
    "TORCH_HOME": "{cache}/home/torch",  # torch.hub
    "TORCHINDUCTOR_CACHE_DIR": "{cache}/home/torchinductor",  # else in /tmp, to be compiled again
    "TRITON_CACHE_DIR": "{cache}/home/triton",  # else in the home folder, which may be a slow network disk
    "CUDA_CACHE_PATH": "{cache}/home/cuda",  # likewise
    "NUMBA_CACHE_DIR": "{cache}/home/numba",  # else beside the source, in the environment
    "MPLCONFIGDIR": "{cache}/home/matplotlib",  # and so no person's matplotlibrc changes a stage's pictures
    "NLTK_DATA": "{cache}/home/nltk",  # else in the home folder
    "PYANNOTE_CACHE": "{cache}/home/pyannote",  # likewise, whatever XDG_CACHE_HOME says
    "KERAS_HOME": "{cache}/home/keras",  # likewise
}

# A person's own settings that would go before those above.
OVERRIDING = (
    "HF_HUB_CACHE",
    "HUGGINGFACE_HUB_CACHE",
    "HF_ASSETS_CACHE",
    "HUGGINGFACE_ASSETS_CACHE",
    "HF_XET_CACHE",
    "HF_DATASETS_CACHE",
    "HF_MODULES_CACHE",
    "TRANSFORMERS_CACHE",
    "PYTORCH_TRANSFORMERS_CACHE",
    "PYTORCH_PRETRAINED_BERT_CACHE",
    "DIFFUSERS_CACHE",
    "SENTENCE_TRANSFORMERS_HOME",
)

# Computed or removed here, so that no definition may set them.
COMPUTED = {"PATH", "VIRTUAL_ENV", "PYTHONNOUSERSITE", "PYTHONDONTWRITEBYTECODE", *REMOVED}

STACKED = r"CONDA_PREFIX(_[0-9]+)?"
PLACEHOLDER = r"\{([A-Za-z_]+)\}"
PLACEHOLDERS = ("cache", "models", "project", "environment")


OwnVariables = Callable[["Definition", Path], Mapping[str, str]]  # an environment's own, by definition and prefix


class VariableFolders(Struct, frozen=True):
    """The folders that an environment's own variables may name, as placeholders."""

    project: Path
    cache: Path
    models: Path
    environment: Path  # the build's prefix

    @property
    def values(self) -> Mapping[str, str]:
        return {name: str(getattr(self, name)) for name in PLACEHOLDERS}


def no_variables(_definition: "Definition", _prefix: Path) -> Mapping[str, str]:
    """``OwnVariables`` for environments that need none."""
    return {}


def filled(templates: Iterable[tuple[str, str]], folders: VariableFolders) -> dict[str, str]:
    """An environment's own variables: the usual ones, and before them those of its definition (name and template)."""
    values = folders.values
    own = {**USUAL, **dict(templates)}
    return {name: re.sub(PLACEHOLDER, lambda match: values[match[1]], text) for name, text in own.items()}


def unknown_placeholder(template: str) -> str | None:
    """The first placeholder of a template that stands for no folder."""
    return next((name for name in re.findall(PLACEHOLDER, template) if name not in PLACEHOLDERS), None)


def without_python(base: Mapping[str, str]) -> dict[str, str]:
    """The caller's variables without those that steer an interpreter, for tools such as uv."""
    left_out = {*REMOVED, "VIRTUAL_ENV"}
    variables = {name: value for name, value in base.items() if name not in left_out and not _is_stacked(name)}
    variables["PYTHONNOUSERSITE"] = "1"  # packages in a home folder are in no lock
    return variables


def with_own(base: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The caller's variables, replaced by an environment's own where both have one."""
    if not own:
        return dict(base)
    variables = {name: value for name, value in base.items() if name not in OVERRIDING}
    return {**variables, **_login(base), **own}


def stage_variables(
    prefix: Path,
    base: Mapping[str, str],
    tools: Iterable[Path] = (),
    own: Mapping[str, str] | None = None,
    conda: bool = False,
) -> dict[str, str]:
    """The variables of a process in the environment at ``prefix``. ``tools`` are folders of programs that it needs.

    An environment that the user has activated is taken from ``PATH``: its programs aren't locked for the stage.
    """
    return {
        **with_own(without_python(base), own or {}),
        **_naming(prefix, conda),
        "PATH": os.pathsep.join([*map(str, program_folders(prefix, conda)), *map(str, tools), *system_path(base)]),
        "PYTHONDONTWRITEBYTECODE": "1",  # a verified environment isn't changed
    }


def system_path(base: Mapping[str, str]) -> list[str]:
    """The folders of ``PATH``, without those of environments that the user has activated.

    Programs for a stage are looked for here, and not on the user's own ``PATH``.
    """
    active = set(_active_folders(base))
    return [entry for entry in base.get("PATH", os.defpath).split(os.pathsep) if entry and Path(entry) not in active]


def which(program: str, base: Mapping[str, str]) -> str | None:
    """Where a stage finds a program that isn't its environment's."""
    import shutil

    return shutil.which(program, path=os.pathsep.join(system_path(base)))


def _is_stacked(name: str) -> bool:
    # Most callers have no such variable, and to compile the pattern takes longer than to look at all their names.
    return name.startswith("CONDA_PREFIX") and re.fullmatch(STACKED, name) is not None


def _active_folders(base: Mapping[str, str]) -> Iterator[Path]:
    """With ``conda activate --stack``, the one before stays on ``PATH``; CONDA_PREFIX_1 and so on name it."""
    for name, value in base.items():
        if value and name == "VIRTUAL_ENV":
            yield from program_folders(Path(value))
        elif value and _is_stacked(name):
            yield from program_folders(Path(value), conda=True)


def _login(base: Mapping[str, str]) -> dict[str, str]:
    """Where the user's Hugging Face token is. Libraries look for it in HF_HOME, which is another folder here.

    The user may have no token; then the path leads to no file.
    """
    if "HF_TOKEN_PATH" in base:
        return {}
    caches = base.get("XDG_CACHE_HOME") or (os.path.join(base["HOME"], ".cache") if base.get("HOME") else None)
    home = base.get("HF_HOME") or (os.path.join(caches, "huggingface") if caches else None)
    return {"HF_TOKEN_PATH": os.path.join(home, "token")} if home else {}


def _naming(prefix: Path, conda: bool) -> dict[str, str]:
    """The variables by which libraries and tools recognise the environment that they run in.

    Conda's find their data by ``CONDA_PREFIX``, and take the environment for conda's own base without
    ``CONDA_DEFAULT_ENV``. With ``VIRTUAL_ENV``, installers would take it for a venv. The scripts in
    ``etc/conda/activate.d`` aren't run: they are for a shell, and may do anything.
    """
    if conda:
        return {"CONDA_PREFIX": str(prefix), "CONDA_DEFAULT_ENV": prefix.name}
    return {"VIRTUAL_ENV": str(prefix)}
