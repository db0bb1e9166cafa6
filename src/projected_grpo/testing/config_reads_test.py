"""configs/keys.yaml holds what real runs read of the config, after an upgrade of verl too.

config_reads/sitecustomize.py writes down the reads of all processes of two runs of one step.
"""

import pytest
import yaml
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from projected_grpo.verl_ext.configuration import CONFIGS
from projected_grpo.verl_ext.keys import covers, leaves, table

# Files of configs/ that make the config of a run at scale=tiny on a CPU.
OURS = ("train", "scale/tiny", "device/cpu")
# Ends the key of a dictionary that was read whole.
WHOLE = ".*"
# A class that hydra makes, which is read by no name.
CLASS = "_target_"


@pytest.fixture
def reads(steps) -> set[str]:
    return steps["true"].reads | steps["false"].reads


@pytest.fixture
def verls() -> dict:
    with initialize_config_module("verl.trainer.config", version_base=None):
        return OmegaConf.to_container(compose("ppo_trainer"))


def is_read(key: str, reads: set[str]) -> bool:
    """The key itself, one below it, or a dictionary that it is in, whole."""
    whole = [read.removesuffix(WHOLE) for read in reads if read.endswith(WHOLE)]
    below = (read for read in reads if read.startswith(f"{key}."))
    return key in reads or covers(whole, key) or any(below)


def listed(*kinds: str) -> list[str]:
    """The table's keys of these kinds; those under conditions or remedies without them."""
    known = []
    for kind in kinds:
        of_kind = table()[kind]
        groups = of_kind.values() if isinstance(of_kind, dict) else [of_kind]
        known += [key for group in groups for key in group]
    return known


def test_every_key_that_the_table_calls_read_is_read(reads):
    unread = [key for key in table()["read"] if not is_read(key, reads)]
    assert not unread, f"nothing reads these now, take them out of configs/keys.yaml: {unread}"


def test_every_key_of_verls_config_that_is_read_is_in_the_table(reads, verls):
    known = listed("read", "beside", "instead")
    keys = [key for key in leaves("", verls) if not key.endswith(CLASS)]
    new = [key for key in keys if is_read(key, reads) and not covers(known, key)]
    assert not new, f"say in configs/keys.yaml what is to become of these: {new}"


def test_our_own_files_set_nothing_of_verls_that_is_not_read(reads, verls):
    beside, unread = listed("beside"), []
    for name in OURS:
        ours = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())
        keys = [key for key in leaves("", ours) if key.partition(".")[0] in verls]
        known = (key for key in keys if not (key.endswith(CLASS) or covers(beside, key)))
        unread += [key for key in known if not is_read(key, reads)]
    assert not unread, f"nothing reads these, take them out: {unread}"


def test_reads_of_the_actors_and_of_vllms_processes_are_among_them(steps):
    of_actor, of_vllm = "actor.optim.weight_decay", "rollout.scheduling_policy"
    assert {f"actor_rollout_ref.{key}" for key in (of_actor, of_vllm)} <= steps["true"].reads
