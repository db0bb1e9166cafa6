"""Which keys a command may set: those that something reads, with values of their kind.

configs/keys.yaml holds them. A key that nothing reads would be taken without a word and change
nothing.
"""

from collections.abc import Iterator
from functools import cache
from numbers import Real
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from projected_grpo.cli import Refusal

TABLE = Path(__file__).parents[3] / "configs/keys.yaml"


@cache
def table() -> dict[str, Any]:
    """ours, read: keys. beside: condition -> keys read only then. instead: remedy -> keys.

    A key stands for all below it.
    """
    return yaml.safe_load(TABLE.read_text())


def check(words: list[str], cfg: DictConfig, default: DictConfig) -> None:
    """Refusal for the first override that nothing reads or whose value is of another kind.

    words: as the command has them. cfg: what they make. default: the config without those that set
    single keys.
    """
    for key in _keys(words):
        if refused := reason(key, cfg):
            raise Refusal(refused)
        # an arm's settings have types of their own
        if not covers(["arm"], key):
            _check_kind(key, OmegaConf.select(cfg, key), OmegaConf.select(default, key))


def chooses(word: str) -> bool:
    """Whether a word of the command takes a file of configs/, as `arm=project`."""
    group = word.partition("=")[0]
    return (TABLE.parent / group).is_dir()


def reason(key: str, cfg: DictConfig) -> str | None:
    """Why the key cannot be set beside this config, with the remedy; None where it can."""
    for remedy, keys in table()["instead"].items():
        if covers(keys, key):
            return f"{key} cannot be set: {remedy}"
    if covers([*table()["ours"], *table()["read"]], key):
        return None
    conditions = [name for name, keys in table()["beside"].items() if covers(keys, key)]
    if not conditions:
        return f"nothing reads {key} in this trainer: remove it"
    if not any(_holds(condition, cfg) for condition in conditions):
        return f"nothing reads {key} without {' or '.join(conditions)}: set that too, or remove it"
    return None


def covers(keys: list[str], key: str) -> bool:
    """Whether one of the keys is this one or stands above it."""
    return any(f"{key}.".startswith(f"{known}.") for known in keys)


def _keys(words: list[str]) -> Iterator[str]:
    """Every key that the words set, those inside a dictionary one by one."""
    for override in OverridesParser.create().parse_overrides(words):
        if chooses(override.key_or_group):
            continue
        if override.is_delete():
            raise Refusal(f"{override.input_line}: a key can be set and not taken out: remove it")
        yield from leaves(override.key_or_group, override.value())


def leaves(key: str, value: Any) -> Iterator[str]:
    """Dotted keys of whatever is no dictionary with keys."""
    if not (isinstance(value, dict) and value):
        yield key
        return
    for name, inner in value.items():
        yield from leaves(f"{key}.{name}" if key else str(name), inner)


def _holds(condition: str, cfg: DictConfig) -> bool:
    """condition: KEY=VALUE or KEY!=VALUE, the value as in YAML."""
    key, _, text = condition.partition("=")
    is_equal = OmegaConf.select(cfg, key.removesuffix("!")) == yaml.safe_load(text)
    return is_equal is not key.endswith("!")


def _check_kind(key: str, value: Any, default: Any) -> None:
    if value is None or default is None:
        return
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise Refusal(f"{key}={value}: expected true or false")
    elif isinstance(default, Real):
        if isinstance(value, bool) or not isinstance(value, Real):
            raise Refusal(f"{key}={value}: expected a number, as {default}")
    elif isinstance(default, str) and isinstance(value, Real):
        raise Refusal(f"{key}={value}: expected text; in quotes it is, as \"{key}='{value}'\"")
