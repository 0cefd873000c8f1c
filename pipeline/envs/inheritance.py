"""Which of the caller's variables a stage gets: those that programs need, and those that it asks for by name.

A shell has many more, such as the keys of cloud accounts. They aren't a stage's business, and a result that depended on
one could not be told from another.
"""

from collections.abc import Collection, Mapping

from pipeline.digests import tagged_digest
from pipeline.envs import hub_variables

# Of these a program's output may depend: its language, its time zone. They are part of a stage's key.
LOCALE = (
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_COLLATE",
    "LC_CTYPE",
    "LC_MESSAGES",
    "LC_MONETARY",
    "LC_NUMERIC",
    "LC_TIME",
    "TZ",
)

NEEDED = frozenset({
    *LOCALE,
    # who and where one is
    "HOME", "USER", "LOGNAME", "SHELL", "PATH", "VIRTUAL_ENV", "TMPDIR", "TMP", "TEMP",
    # the network: proxies, certificates, servers of models
    "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY",
    "http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NIX_SSL_CERT_FILE",
    "HF_ENDPOINT", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE", "HF_TOKEN_PATH", "HF_HOME",
    "HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_ETAG_TIMEOUT", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK",
    # where the system's libraries are
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "NIX_LD", "NIX_LD_LIBRARY_PATH",
    "LOCALE_ARCHIVE", "TZDIR", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "FONTCONFIG_SYSROOT",
    # compilers that libraries call while they run, as Triton does
    "CC", "CXX", "CPATH", "LIBRARY_PATH",
    # threads and memory
    "TOKENIZERS_PARALLELISM", "RAYON_NUM_THREADS", "NUMBA_NUM_THREADS", "MALLOC_ARENA_MAX", "GLIBC_TUNABLES",
    # Windows
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA",
    "PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432", "USERNAME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH",
    "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE",
    "__CF_USER_TEXT_ENCODING",  # macOS
})  # fmt: skip

NEEDED_PREFIXES = (
    "XDG_",  # where programs keep their own files
    "CONDA_PREFIX",  # no stage gets these: they tell whose programs leave its PATH
    # GPUs
    "CUDA_", "CUDNN_", "CUBLAS_", "NVIDIA_", "NCCL_", "PYTORCH_", "HIP_", "ROCR_", "ROCM_", "HSA_", "MIOPEN_", "GPU_",
    "ONEAPI_", "SYCL_", "ZE_", "OCL_", "VK_", "LIBVA_",
    # threads
    "OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "GOTO_", "BLIS_", "NUMEXPR_", "VECLIB_", "TBB_", "CT2_", "ORT_",
)  # fmt: skip

# With ``--inherit-environment`` a stage sees all, and these tell one terminal from another and change no result.
OF_A_SESSION = ("_", "SHLVL", "PWD", "OLDPWD", "COLUMNS", "LINES", "WINDOWID", "DISPLAY", "MAIL", "LS_COLORS", "STY")
OF_A_SESSION_PREFIXES = (
    "SSH_",
    "TERM",
    "COLORTERM",
    "TMUX",
    "VTE_",
    "GNOME_",
    "KDE_",
    "DBUS_",
    "WAYLAND_",
    "PIPELINE_",
)


def is_needed(name: str) -> bool:
    return name in NEEDED or name.startswith(NEEDED_PREFIXES)


def needed(caller: Mapping[str, str]) -> dict[str, str]:
    """The caller's variables that every stage gets, without those that would end the model hub's client."""
    return hub_variables.readable({name: value for name, value in caller.items() if is_needed(name)})


def visible(caller: Mapping[str, str], names: Collection[str] | None = ()) -> Mapping[str, str]:
    """What a stage sees of the caller's variables, where it asks for these by name; ``None``: it inherits all."""
    return caller if names is None else {**needed(caller), **passed(caller, names)}


def passed(caller: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    """Those that are asked for by name, where the caller has them."""
    return {name: caller[name] for name in names if name in caller}


def locale_of(caller: Mapping[str, str]) -> dict[str, str]:
    """Those on which a program's output may depend."""
    return {name: caller[name] for name in LOCALE if caller.get(name)}


def digest_of_others(caller: Mapping[str, str]) -> str:
    """Of all that a stage sees only since it inherits the caller's variables."""
    others = {
        name: value
        for name, value in caller.items()
        if not is_needed(name) and name not in OF_A_SESSION and not name.startswith(OF_A_SESSION_PREFIXES)
    }
    return tagged_digest("inherited", {name: repr(value) for name, value in others.items()})
