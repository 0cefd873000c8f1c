"""``pass: [HF_TOKEN]``: the caller's variables that a stage asks for by name."""

from pipeline.config.source import ConfigurationSource, Keys
from pipeline.envs.variables import COMPUTED


def passed_names(source: ConfigurationSource, keys: Keys = ()) -> tuple[str, ...]:
    """The names in the table at ``keys``. Raises ``ConfigurationError`` for one that can't be passed."""
    table = source.value
    for key in keys:
        table = table[key]
    names = tuple(table.get("pass", ()))
    for index, name in enumerate(names):
        if name in COMPUTED:
            raise source.error((*keys, "pass", index), f"{name} is computed for each environment and can't be passed")
    return names
