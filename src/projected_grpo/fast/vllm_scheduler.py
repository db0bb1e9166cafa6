"""vLLM's scheduler, quicker where a rollout spends its time.

That is in turns in which every request decodes one more token and nobody reads a response before
its end: with a small model the next token waits for the scheduler's Python and not for the GPU.
vLLM takes this class by scheduler_cls and does not promise to keep the interface (0.24 is pinned):
vllm_scheduler_test.py runs it beside vLLM's own, turn by turn.
"""

from dataclasses import replace

from vllm.sampling_params import RequestOutputKind, SamplingParams
from vllm.v1.core.sched.async_scheduler import AsyncScheduler
from vllm.v1.core.sched.interface import PauseState
from vllm.v1.core.sched.output import CachedRequestData, SchedulerOutput
from vllm.v1.kv_cache_interface import FullAttentionSpec
from vllm.v1.outputs import ModelRunnerOutput
from vllm.v1.request import Request, RequestStatus


def wants_whole_response(params: SamplingParams) -> bool:
    """Whether nothing but the whole response is wanted, ended by a token or by its length."""
    return (
        params.output_kind is RequestOutputKind.FINAL_ONLY
        and params.logprobs is None
        and not params.min_tokens
        and params.repetition_detection is None
    )


class RolloutScheduler(AsyncScheduler):
    """What is decided is what vLLM's own decides.

    A request for a whole response is answered at its first token and at its end, not at every
    token. `ends` of a request: the tokens that end it, None where more is wanted.
    """

    def __init__(self, *args, hash_block_size: int | None = None, **kwargs):
        super().__init__(*args, hash_block_size=hash_block_size, **kwargs)
        groups = self.kv_cache_config.kv_cache_groups
        full_attention_only = (
            len(groups) == 1
            and type(groups[0].kv_cache_spec) is FullAttentionSpec
            and hash_block_size in (None, self.block_size)
        )
        has_extras = (
            self.use_pp
            or self.num_spec_tokens
            or self.connector
            or self.ec_connector
            or self.lora_config
        )
        self.simple = full_attention_only and not has_extras

    def add_request(self, request: Request) -> None:
        params = request.sampling_params
        request.ends = None
        if wants_whole_response(params):
            request.ends = {params.eos_token_id, *(params.stop_token_ids or ())}
        super().add_request(request)

    def schedule(self, throttle_prefills: bool = False) -> SchedulerOutput:
        return self._decode() or super().schedule(throttle_prefills)

    def _decode(self) -> SchedulerOutput | None:
        """One more token for every running request.

        None, with nothing touched, where there is anything else to decide.
        """
        if (
            not (self.simple and self.use_v2_model_runner)
            or self.waiting
            or self.skipped_waiting
            or self._pause_state is not PauseState.UNPAUSED
            or len(self.running) > self.max_num_scheduled_tokens
        ):
            return None
        going, entering = [], []
        for request in self.running:
            computed, ahead = request.num_computed_tokens, request.num_output_placeholders
            # A request whose last token is already on the way gets no more.
            if computed + 1 >= self.max_model_len:
                continue
            if ahead and computed + 2 - ahead >= request.num_prompt_tokens + request.max_tokens:
                continue
            if (
                request.is_prefill_chunk
                or len(request._all_token_ids) + ahead - computed != 1
                or request.use_structured_output
                or request.has_encoder_inputs
            ):
                return None
            going.append(request)
            if computed % self.block_size == 0:
                entering.append(request)
        if not going or len(entering) > self.kv_cache_manager.block_pool.get_num_free_blocks():
            return None
        return self._one_token(going, entering)

    def _one_token(self, going: list[Request], entering: list[Request]) -> SchedulerOutput:
        """Schedules one token for each of `going`; those of `entering` begin a new block."""
        self.current_step += 1
        self.kv_cache_manager.new_step_starts()
        blocks = {}
        for request in entering:
            slots = self.kv_cache_manager.allocate_slots(request, 1)
            blocks[request.request_id] = slots.get_block_ids(allow_none=True)
        ids = [r.request_id for r in going]
        cached = CachedRequestData(
            req_ids=ids,
            resumed_req_ids=set(),
            new_token_ids=[],
            all_token_ids={},
            new_block_ids=[blocks.get(i) for i in ids],
            num_computed_tokens=[r.num_computed_tokens for r in going],
            num_output_tokens=[len(r._output_token_ids) + r.num_output_placeholders for r in going],
        )
        for request in going:
            request.num_computed_tokens += 1
            request.num_output_placeholders += 1
        finished, self.finished_req_ids = self.finished_req_ids, set()
        return SchedulerOutput(
            scheduled_new_reqs=[],
            scheduled_cached_reqs=cached,
            num_scheduled_tokens=dict.fromkeys(ids, 1),
            total_num_scheduled_tokens=len(ids),
            scheduled_spec_decode_tokens={},
            scheduled_encoder_inputs={},
            num_common_prefix_blocks=[0],
            preempted_req_ids=set(),
            finished_req_ids=finished,
            free_encoder_mm_hashes=self.encoder_cache_manager.get_freed_mm_hashes(),
            num_spec_tokens_to_schedule=0,
        )

    def update_from_output(
        self, scheduler_output: SchedulerOutput, model_runner_output: ModelRunnerOutput
    ):
        """A token in the midst of a whole response is taken down here; others go vLLM's way."""
        sampled = model_runner_output.sampled_token_ids
        if not self.simple or not sampled:
            return super().update_from_output(scheduler_output, model_runner_output)
        place, size = model_runner_output.req_id_to_index, self.block_size
        others = {}
        for id, scheduled in scheduler_output.num_scheduled_tokens.items():
            request, new = self.requests.get(id), sampled[place[id]]
            if (
                request is None
                or request.ends is None
                or request.status is not RequestStatus.RUNNING
                or len(new) != 1
                or request.async_tokens_to_discard
            ):
                others[id] = scheduled
                continue
            output, tokens = request._output_token_ids, request._all_token_ids
            n, response = len(tokens) + 1, len(output) + 1
            # n % size <= 1: a full block is hashed and cached.
            if (
                response == 1
                or response >= request.max_tokens
                or n >= self.max_model_len
                or n % size <= 1
                or new[0] in request.ends
            ):
                others[id] = scheduled
                continue
            tokens.append(new[0])
            output.append(new[0])
            request.num_output_placeholders -= 1
        rest = replace(scheduler_output, num_scheduled_tokens=others)
        return super().update_from_output(rest, model_runner_output)

    def _update_request_with_output(
        self, request: Request, new_token_ids: list[int]
    ) -> tuple[list[int], bool]:
        begins = not request._output_token_ids
        new, stopped = super()._update_request_with_output(request, new_token_ids)
        # The first token has a message: vLLM takes the prefill for done when it writes one.
        if request.ends is None or begins:
            return new, stopped
        return request._output_token_ids[1:] if stopped else [], stopped
