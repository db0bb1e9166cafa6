"""The trainer's advantages, through verl's own queue: what the actor will find for every sample."""

from pathlib import Path

import ray
import torch
import transfer_queue as tq
from omegaconf import OmegaConf
from tensordict import NonTensorData, NonTensorStack, TensorDict
from transfer_queue import KVBatchMeta

from projected_grpo.interventions.chain import Chain
from projected_grpo.interventions.screening import Screening
from projected_grpo.testing import tiny_engine

# flagged, score: a lone kept sample, a group of which one is left out, one that is flagged whole
SAMPLES = {
    "a_0_0": (True, 3.5),
    "b_0_0": (False, 0.5),
    "a_1_0": (False, 3.5),
    "b_1_0": (True, 3.5),
    "b_2_0": (False, 1.5),
    "c_0_0": (True, 3.5),
}
EXPECTED = {"b_0_0": -(0.5**0.5), "b_2_0": 0.5**0.5}
ALGORITHM = {
    "adv_estimator": "grpo",
    "norm_adv_by_std_in_grpo": True,
    "use_kl_in_reward": False,
    "gamma": 1.0,
    "lam": 1.0,
    "rollout_correction": {"bypass_mode": True},
}
CONFIG = {
    "algorithm": ALGORITHM,
    "group": "g",
    "run": {"name": "screening-s1"},
    "data": {"max_response_length": 8},
    "actor_rollout_ref": {"rollout": {"n": 3}},
}


def jagged(rows: list[torch.Tensor]) -> torch.Tensor:
    return torch.nested.as_nested_tensor(rows, layout=torch.jagged)


def sampled() -> KVBatchMeta:
    """The samples in the queue as verl's agent loops leave them there."""
    responses, rewards, labels = [], [], []
    for i, (flagged, score) in enumerate(SAMPLES.values()):
        length = 2 + i % 3
        responses.append(torch.arange(5, 5 + length))
        rewards.append(torch.tensor([0.0] * (length - 1) + [score]))
        labels.append(NonTensorData({"reward_extra_info": {"flagged": flagged, "score": score}}))
    n = len(SAMPLES)
    fields = {
        "uid": NonTensorStack(*[NonTensorData(key.partition("_")[0]) for key in SAMPLES]),
        "prompts": jagged([torch.tensor([5, 6])] * n),
        "responses": jagged(responses),
        "response_mask": jagged([torch.ones(len(r), dtype=torch.int64) for r in responses]),
        "rm_scores": jagged(rewards),
        "extra_fields": NonTensorStack(*labels),
        "metrics": NonTensorStack(*[NonTensorData({"generate_sequences": 0.0})] * n),
    }
    return tq.kv_batch_put(
        keys=list(SAMPLES),
        partition_id="train",
        fields=TensorDict(fields, batch_size=n),
        tags=[{} for _ in SAMPLES],
    )


def screened(folder: Path) -> None:
    """Leaves the advantages of every sample's tokens in the folder."""
    from transformers import AutoTokenizer

    from projected_grpo.verl_ext.trainer import ConstrainedTrainer

    tiny_engine.surround(folder)
    # without verl's set-up of workers: a step's advantages need none of them
    trainer = object.__new__(ConstrainedTrainer)
    trainer.config = OmegaConf.create(CONFIG)
    trainer.interventions = Chain([Screening()])
    trainer.tokenizer = AutoTokenizer.from_pretrained(folder)
    trainer.global_steps = 1
    ray.init(address="local", include_dashboard=False, num_cpus=16, object_store_memory=10**8)
    tq.init(OmegaConf.create({"backend": {"SimpleStorage": {"num_data_storage_units": 1}}}))
    batch = trainer._compute_advantage(sampled(), {})
    found = tq.kv_batch_get(
        keys=batch.keys, partition_id=batch.partition_id, select_fields=["advantages"]
    )
    rows = [row.clone() for row in found["advantages"].unbind()]
    torch.save(dict(zip(batch.keys, rows, strict=True)), folder / "advantages.pt")
    ray.shutdown()


def test_every_token_of_the_kept_gets_its_groups_advantage_and_the_others_get_zero(tmp_path):
    tiny_engine.spawned(screened, tmp_path)
    found = torch.load(tmp_path / "advantages.pt")
    assert list(found) == list(SAMPLES)
    for i, (key, row) in enumerate(found.items()):
        expected = torch.full((2 + i % 3,), EXPECTED.get(key, 0.0))
        torch.testing.assert_close(row, expected, rtol=0, atol=1e-5)
