"""Writes down which keys of a run's config its processes read: for config_reads_test.py.

Python imports this module first in every process that has its folder on PYTHONPATH. CONFIG_READS
names the folder that gets a file of keys from each process.

A read counts where its value is used: not in verl's checks, which only refuse, and not where the
whole config is printed or turned into dataclasses. Reads of those count then, field by field. The
training command's own process reads keys to check them and does not count either.
"""

import dataclasses
import importlib.abc
import importlib.machinery
import os
import sys
from pathlib import Path
from types import ModuleType

FOLDER = os.environ.get("CONFIG_READS")
COMMAND = "projected_grpo.train"
# What stands between a read and whoever reads.
BETWEEN = ("/omegaconf/", "/verl/base_config.py", "collections", "dataclasses.py", __file__)
# What turns a config into dataclasses.
MAKERS = ("/hydra/", "/verl/utils/config.py")
CHECKS = {"validate", "validate_config", "__post_init__"}
# Its __post_init__ loads config and tokenizer.
NO_CHECK = "verl/workers/config/model.py"
# Ends the key of a dictionary that is read whole.
WHOLE = ".*"
# Names of the same object in verl's workers.
SAME = {".actor.engine": ".actor.fsdp_config", ".ref.engine": ".ref.fsdp_config"}

written: set[str] = set()


def read(key: str) -> None:
    """Writes the key down, unless whoever reads it only looks whether it is allowed."""
    if key not in written and _is_use():
        write(key)


def write(key: str) -> None:
    written.add(key)
    for other, name in SAME.items():
        key = key.replace(other, name)
    with open(f"{FOLDER}/{os.getpid()}", "a") as file:
        file.write(f"{key}\n")


def _is_use() -> bool:
    frame = sys._getframe(2)
    while frame is not None and any(part in frame.f_code.co_filename for part in BETWEEN):
        frame = frame.f_back
    if frame is None:
        return False
    name, file = frame.f_code.co_name, frame.f_code.co_filename
    return not any(maker in file for maker in MAKERS) and (
        name not in CHECKS or file.endswith(NO_CHECK)
    )


def of_config(module: ModuleType) -> None:
    """Reads of omegaconf's nodes. One that left the run's config has lost its place in it."""
    cls = module.DictConfig
    get, pop = cls._get_impl, cls.pop

    def _get_impl(self, key, *args, **options):
        read(place(self, key))
        return get(self, key, *args, **options)

    def pop_(self, key, *args, **options):
        read(place(self, key))
        return pop(self, key, *args, **options)

    cls._get_impl, cls.pop = _get_impl, pop_


def place(node, key=None) -> str:
    """The node's key in the run's config; verl hands transfer_queue on as a config of its own."""
    name = node._get_full_key(key)
    root = node._get_root().__dict__["_content"]
    return f"transfer_queue.{name}" if "controller" in root and "backend" in root else name


def of_omegaconf(module: ModuleType) -> None:
    """A node that is turned into plain containers is read whole; the run's config is printed so."""
    cls = module.OmegaConf
    to_container, select = cls.to_container, cls.select

    def to_container_(cfg, *args, **options):
        if cfg._get_parent() is not None:
            read(f"{place(cfg)}{WHOLE}")
        return to_container(cfg, *args, **options)

    def select_(cfg, key, *args, **options):
        read(f"{place(cfg)}.{key}".strip("."))
        return select(cfg, key, *args, **options)

    cls.to_container, cls.select = staticmethod(to_container_), staticmethod(select_)


def of_makers(module: ModuleType) -> None:
    """A dataclass that is made of a node gets its place."""
    make = module.omega_conf_to_dataclass

    def omega_conf_to_dataclass(config, *args, **options):
        made = make(config, *args, **options)
        if hasattr(config, "_get_full_key"):
            put(made, place(config))
        return made

    module.omega_conf_to_dataclass = omega_conf_to_dataclass


def put(made, name: str) -> None:
    """Tells a dataclass and those in it their places, and reads what was read before."""
    own = getattr(made, "__dict__", {})
    if not dataclasses.is_dataclass(made) or "_place" in own:
        return
    own["_place"] = name
    for key in own.pop("_before", []):
        write(f"{name}.{key}{WHOLE}" if isinstance(own[key], dict) else f"{name}.{key}")
    for field in dataclasses.fields(made):
        value = own.get(field.name)
        if type(value) is dict:
            own[field.name] = Placed(value, f"{name}.{field.name}")
        else:
            put(value, f"{name}.{field.name}")


class Placed(dict):
    """A plain dictionary in a dataclass. All of it is read where it is walked through."""

    def __init__(self, values: dict, name: str) -> None:
        super().__init__(values)
        self.name = name

    def __reduce__(self):
        return Placed, (dict(super().items()), self.name)

    def __getitem__(self, key):
        return self._placed(key, super().__getitem__(key))

    def get(self, key, default=None):
        return self._placed(key, super().get(key, default))

    def _placed(self, key, value):
        name = f"{self.name}.{key}"
        read(name)
        return Placed(value, name) if type(value) is dict else value

    def __iter__(self):
        read(f"{self.name}{WHOLE}")
        return super().__iter__()

    def keys(self):
        read(f"{self.name}{WHOLE}")
        return super().keys()

    def items(self):
        read(f"{self.name}{WHOLE}")
        return super().items()


def of_dataclasses(module: ModuleType) -> None:
    """Reads of fields; those before an object has its place are kept in it."""

    def __getattribute__(self, name):
        value = object.__getattribute__(self, name)
        if name in type(self).__dataclass_fields__ and not name.startswith("_"):
            own = object.__getattribute__(self, "__dict__")
            if "_place" in own:
                # a dictionary is read by its keys
                if not isinstance(value, Placed):
                    read(f"{own['_place']}.{name}")
            elif _is_use():
                own.setdefault("_before", []).append(name)
        return value

    module.BaseConfig.__getattribute__ = __getattribute__


WATCHED = {
    "omegaconf.dictconfig": of_config,
    "omegaconf.omegaconf": of_omegaconf,
    "verl.utils.config": of_makers,
    "verl.base_config": of_dataclasses,
}


class Finder(importlib.abc.MetaPathFinder):
    """Changes the watched modules right after they are imported."""

    def find_spec(self, name, path, target=None):
        if name not in WATCHED:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            WATCHED[name](module)

        spec.loader.exec_module = exec_module
        return spec


if FOLDER and COMMAND not in sys.orig_argv:
    Path(FOLDER).mkdir(exist_ok=True)
    sys.meta_path.insert(0, Finder())
