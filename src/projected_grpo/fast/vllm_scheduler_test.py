"""The rollout scheduler beside vLLM's own.

Both are driven with the same requests and the same sampled tokens, one batch ahead as vLLM's
engine drives them.
"""

import random
from collections import defaultdict, deque
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

EOS, OTHER_END, SIZE, N = 1, 2, 16, 30


class Driven(NamedTuple):
    """What each request was answered, what each turn scheduled, how many messages it took."""

    answers: dict[str, list[int]]
    turns: list[tuple]
    messages: int


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    from transformers import LlamaConfig
    from vllm.engine.arg_utils import EngineArgs
    from vllm.utils.hashing import sha256
    from vllm.v1.core.kv_cache_utils import init_none_hash

    folder: Path = tmp_path_factory.mktemp("model")
    model = LlamaConfig(
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=1,
        num_attention_heads=2,
        vocab_size=64,
        architectures=["LlamaForCausalLM"],
    )
    model.save_pretrained(folder)
    config = EngineArgs(
        model=str(folder),
        skip_tokenizer_init=True,
        dtype="float32",
        max_model_len=256,
        max_num_seqs=12,
        max_num_batched_tokens=128,
        block_size=SIZE,
    ).create_engine_config()
    init_none_hash(sha256)
    return config


def scheduler_of(scheduler_cls, config, blocks: int):
    from vllm.v1.kv_cache_interface import FullAttentionSpec, KVCacheConfig, KVCacheGroupSpec
    from vllm.v1.structured_output import StructuredOutputManager

    spec = FullAttentionSpec(block_size=SIZE, num_kv_heads=2, head_size=32, dtype=torch.float32)
    config.cache_config.num_gpu_blocks, config.cache_config.enable_prefix_caching = blocks, True
    scheduler = scheduler_cls(
        config,
        KVCacheConfig(blocks, [], [KVCacheGroupSpec(["layer"], spec)]),
        StructuredOutputManager(config),
        block_size=SIZE,
        log_stats=False,
    )
    # As on a GPU: without Triton the config says no.
    scheduler.use_v2_model_runner = True
    return scheduler


def requests(draw: random.Random) -> deque:
    """Requests of three sorts: whole responses, one every token of which is read, a minimum."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind
    from vllm.utils.hashing import sha256
    from vllm.v1.core.kv_cache_utils import get_request_block_hasher
    from vllm.v1.request import Request

    hasher = get_request_block_hasher(SIZE, sha256)
    made = deque()
    for i in range(N):
        whole = i % 5 != 3
        params = SamplingParams(
            max_tokens=draw.randint(1, 90),
            min_tokens=3 if i % 5 == 4 else 0,
            stop_token_ids=[OTHER_END] if i % 2 else None,
            output_kind=RequestOutputKind.FINAL_ONLY if whole else RequestOutputKind.CUMULATIVE,
        )
        params._eos_token_id = EOS
        # Ten prompts, each of three requests.
        group = i // 3
        prompt = [3 + (group * 7 + j) % 50 for j in range(5 + group * 13)]
        made.append(Request(str(i), prompt, params, None, block_hasher=hasher))
    return made


def turn_of(out) -> tuple:
    cached = out.scheduled_cached_reqs
    new = [(r.req_id, r.block_ids, r.num_computed_tokens) for r in out.scheduled_new_reqs]
    columns = (cached.req_ids, cached.new_block_ids, cached.num_computed_tokens)
    old = list(zip(*columns, strict=True))
    return out.num_scheduled_tokens, new, old, out.finished_req_ids, out.preempted_req_ids


def computed_after(out) -> dict[str, int]:
    """Tokens of every scheduled request that are computed once the turn is done."""
    cached = out.scheduled_cached_reqs
    before = dict(zip(cached.req_ids, cached.num_computed_tokens, strict=True))
    for request in out.scheduled_new_reqs:
        before[request.req_id] = request.num_computed_tokens
    return {id: n + before[id] for id, n in out.num_scheduled_tokens.items()}


def sampled(out, computed: dict[str, int], lengths: dict[str, int]):
    """A token, drawn by request and position, for each request whose prompt is computed."""
    from vllm.v1.outputs import ModelRunnerOutput

    ids = list(out.num_scheduled_tokens)
    tokens = []
    for id in ids:
        token = random.Random(f"{id} {computed[id]}").randrange(64)
        tokens.append([token] if computed[id] >= lengths[id] else [])
    return ModelRunnerOutput(ids, {id: i for i, id in enumerate(ids)}, tokens)


def drive(scheduler_cls, config, blocks: int) -> Driven:
    scheduler, draw = scheduler_of(scheduler_cls, config, blocks), random.Random(0)
    waiting = requests(draw)
    lengths = {request.request_id: request.num_prompt_tokens for request in waiting}
    answers, turns, messages, queue = defaultdict(list), [], 0, deque()
    for _ in range(400):
        while waiting and draw.random() < 0.7:
            scheduler.add_request(waiting.popleft())
        if scheduler.has_requests():
            out = scheduler.schedule()
            turns.append(turn_of(out))
            queue.append((out, computed_after(out)))
        if len(queue) > 1 or queue and not scheduler.has_requests():
            out, computed = queue.popleft()
            outputs = scheduler.update_from_output(out, sampled(out, computed, lengths))
            for client in outputs.values():
                for output in client.outputs:
                    answers[output.request_id] += output.new_token_ids
                    messages += 1
    assert not scheduler.has_unfinished_requests() and len(answers) == N
    return Driven(dict(answers), turns, messages)


MEMORY = {"memory for all": 400, "too little memory: some are put back": 24}


@pytest.fixture(scope="module", params=MEMORY)
def both(config, request) -> tuple[Driven, Driven]:
    """(by vLLM's own scheduler, by ours)."""
    from vllm.v1.core.sched.async_scheduler import AsyncScheduler

    from projected_grpo.fast.vllm_scheduler import RolloutScheduler

    blocks = MEMORY[request.param]
    own = drive(AsyncScheduler, config, blocks)
    assert any(preempted for *_, preempted in own.turns) == (blocks == 24)
    return own, drive(RolloutScheduler, config, blocks)


def test_every_request_gets_the_tokens_that_it_gets_from_vllms_scheduler(both):
    own, ours = both
    assert own.answers == ours.answers


def test_every_turn_schedules_what_vllms_scheduler_does_in_the_same_blocks(both):
    own, ours = both
    assert own.turns == ours.turns


def test_requests_for_whole_responses_are_answered_at_their_ends_and_not_at_every_token(both):
    own, ours = both
    assert ours.messages < own.messages / 2
