"""The rollout scheduler beside vLLM's own: both are driven with the same requests and the same sampled tokens, one batch ahead as vLLM's engine drives them."""

import random
from collections import defaultdict, deque
from pathlib import Path

import pytest
import torch

EOS, OTHER_END, SIZE = 1, 2, 16


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    from transformers import LlamaConfig
    from vllm.engine.arg_utils import EngineArgs
    from vllm.utils.hashing import sha256
    from vllm.v1.core.kv_cache_utils import init_none_hash

    folder: Path = tmp_path_factory.mktemp("model")
    LlamaConfig(
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=1,
        num_attention_heads=2,
        vocab_size=64,
        architectures=["LlamaForCausalLM"],
    ).save_pretrained(folder)
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


def drive(
    scheduler_cls, config, blocks: int, turns: int = 400
) -> tuple[dict[str, list[int]], list, int]:
    """(what each request was answered, what each turn scheduled, how many messages): 30 requests of three kinds, ten prompts, tokens drawn by request and position."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind
    from vllm.utils.hashing import sha256
    from vllm.v1.core.kv_cache_utils import get_request_block_hasher
    from vllm.v1.kv_cache_interface import FullAttentionSpec, KVCacheConfig, KVCacheGroupSpec
    from vllm.v1.outputs import ModelRunnerOutput
    from vllm.v1.request import Request
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
    scheduler.use_v2_model_runner = True  # as on a GPU; without Triton the config says no
    draw = random.Random(0)
    waiting, lengths = deque(), {}
    for i in range(30):
        asked = SamplingParams(
            max_tokens=draw.randint(1, 90),
            min_tokens=3 if i % 5 == 4 else 0,
            stop_token_ids=[OTHER_END] if i % 2 else None,
            output_kind=RequestOutputKind.CUMULATIVE
            if i % 5 == 3
            else RequestOutputKind.FINAL_ONLY,
        )
        asked._eos_token_id = EOS
        prompt = [3 + (i // 3 * 7 + j) % 50 for j in range(5 + i // 3 * 13)]
        lengths[str(i)] = len(prompt)
        waiting.append(
            Request(
                str(i), prompt, asked, None, block_hasher=get_request_block_hasher(SIZE, sha256)
            )
        )
    answers, turns_seen, messages, queue = defaultdict(list), [], 0, deque()
    for turn in range(turns):
        while waiting and draw.random() < 0.7:
            scheduler.add_request(waiting.popleft())
        if scheduler.has_requests():
            out = scheduler.schedule()
            cached = out.scheduled_cached_reqs
            turns_seen.append(
                (
                    out.num_scheduled_tokens,
                    [
                        (r.req_id, r.block_ids, r.num_computed_tokens)
                        for r in out.scheduled_new_reqs
                    ],
                    list(
                        zip(
                            cached.req_ids,
                            cached.new_block_ids,
                            cached.num_computed_tokens,
                            strict=True,
                        )
                    ),
                    out.finished_req_ids,
                    out.preempted_req_ids,
                )
            )
            before = {r.req_id: r.num_computed_tokens for r in out.scheduled_new_reqs} | dict(
                zip(cached.req_ids, cached.num_computed_tokens, strict=True)
            )
            done = {r: n + before[r] for r, n in out.num_scheduled_tokens.items()}
            queue.append((out, done))
        if len(queue) > 1 or queue and not scheduler.has_requests():
            out, done = queue.popleft()
            ids = list(out.num_scheduled_tokens)
            tokens = [
                [random.Random(f"{r} {done[r]}").randrange(64)] if done[r] >= lengths[r] else []
                for r in ids
            ]
            outputs = scheduler.update_from_output(
                out, ModelRunnerOutput(ids, {r: i for i, r in enumerate(ids)}, tokens)
            )
            for o in (o for client in outputs.values() for o in client.outputs):
                answers[o.request_id] += o.new_token_ids
                messages += 1
    assert not scheduler.has_unfinished_requests() and len(answers) == 30
    return dict(answers), turns_seen, messages


@pytest.fixture(
    scope="module", params=[400, 24], ids=["memory for all", "too little memory: some are put back"]
)
def both(config, request):
    from vllm.v1.core.sched.async_scheduler import AsyncScheduler

    from projected_grpo.fast.vllm_scheduler import RolloutScheduler

    own = drive(AsyncScheduler, config, request.param)
    assert any(preempted for *_, preempted in own[1]) == (request.param == 24)
    return own, drive(RolloutScheduler, config, request.param)


def test_every_request_gets_the_tokens_that_it_gets_from_vllms_scheduler(both):
    assert both[0][0] == both[1][0]


def test_every_turn_schedules_what_vllms_scheduler_does_in_the_same_blocks(both):
    assert both[0][1] == both[1][1]


def test_requests_for_whole_responses_are_answered_at_their_ends_and_not_at_every_token(both):
    assert both[1][2] < both[0][2] / 2
