"""vLLM's scheduler without what a rollout does not need at every token: with a small model the next token waits for its Python and not for the GPU.

vLLM takes it by scheduler_cls and does not promise to keep that interface (0.24 is pinned): scheduler_test.py runs it beside vLLM's own, turn by turn."""

from vllm.sampling_params import RequestOutputKind, SamplingParams
from vllm.v1.core.kv_cache_manager import KVCacheBlocks
from vllm.v1.core.sched.async_scheduler import AsyncScheduler
from vllm.v1.kv_cache_interface import FullAttentionSpec
from vllm.v1.request import Request


def plain(asked: SamplingParams) -> bool:
    """Whether nothing but the whole response is wanted, ended by a token or by its length."""
    return asked.output_kind is RequestOutputKind.FINAL_ONLY and asked.logprobs is None and not asked.min_tokens and asked.repetition_detection is None


class RolloutScheduler(AsyncScheduler):
    """Within a block of the KV cache a request asks for no blocks and hashes none; a plain request is answered at its first token and at its end."""

    def __init__(self, *args, hash_block_size: int | None = None, **kwargs):
        super().__init__(*args, hash_block_size=hash_block_size, **kwargs)
        manager, groups, allocate = self.kv_cache_manager, self.kv_cache_config.kv_cache_groups, self.kv_cache_manager.allocate_slots
        self.full_attention = len(groups) == 1 and type(groups[0].kv_cache_spec) is FullAttentionSpec  # states and windows have rules of their own
        self.full_attention &= hash_block_size in (None, self.block_size) and not self.num_lookahead_tokens

        def allocate_slots(request: Request, num_new_tokens: int, *args, **kwargs) -> KVCacheBlocks | None:
            if num_new_tokens == 1 and request.num_computed_tokens % self.block_size:
                return manager.empty_kv_cache_blocks  # its block was taken when it was entered
            return allocate(request, num_new_tokens, *args, **kwargs)

        if self.full_attention:
            manager.allocate_slots = allocate_slots

    def add_request(self, request: Request) -> None:
        asked = request.sampling_params
        request.ends = {asked.eos_token_id, *(asked.stop_token_ids or ())} if plain(asked) else None
        super().add_request(request)

    def _update_request_with_output(self, request: Request, new_token_ids: list[int]) -> tuple[list[int], bool]:
        if request.ends is None or not request._output_token_ids:  # a first message, because vLLM takes the prefill for done when it writes one
            return super()._update_request_with_output(request, new_token_ids)
        tokens, output = request._all_token_ids, request._output_token_ids
        n = len(tokens) + 1
        if (
            not self.full_attention
            or n % self.block_size <= 1  # a block is full or entered: hashed, cached
            or len(new_token_ids) != 1
            or new_token_ids[0] in request.ends
            or n >= self.max_model_len
            or len(output) + 1 >= request.max_tokens
            or request.async_tokens_to_discard
        ):
            _, stopped = super()._update_request_with_output(request, new_token_ids)
            return output[1:] if stopped else [], stopped
        tokens.append(new_token_ids[0])
        output.append(new_token_ids[0])
        request.num_output_placeholders -= 1
        return [], False
