"""verl's FSDP engine with only the response passing the vocabulary head, and a prompt passing once.

response_head=false leaves verl's own path, bit for bit. share_prompts needs response_head, packed
attention and micro-batches of a fixed number of samples; a model with delta-net layers, whose state
has no way back to a prompt, passes every prompt.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from verl.utils import tensordict_utils as tu
from verl.workers.engine.fsdp.transformer_impl import FSDPEngineWithLMHead

from projected_grpo.fast import attention, head

# non-tensor key of a batch whose forward pass the mechanisms score
SCORED = "scored"


@dataclass
class MicroBatch:
    """What the head needs of the micro-batch that is in the model.

    rows: positions in the model's packed row whose next token belongs to a response. kept: the same
    in the row with every prompt in it. places: where the response's tokens themselves stand.
    """

    rows: Int[Tensor, " t"]
    kept: Int[Tensor, " t"]
    places: Int[Tensor, " t"]
    labels: Int[Tensor, " t"]
    temperature: Float[Tensor, "t 1"]
    entropy: bool
    scored: bool


class ResponseHeadEngine(FSDPEngineWithLMHead):
    micro: MicroBatch

    @property
    def response_head(self) -> bool:
        # the reference policy's config may be verl's own
        return getattr(self.engine_config, "response_head", False)

    @property
    def share_prompts(self) -> bool:
        if not (self.response_head and self.engine_config.share_prompts):
            return False
        return not attention.has_states(self.model_config.hf_config)

    def initialize(self):
        super().initialize()
        if self.response_head:
            self.module.get_output_embeddings().forward = self._head

    def forward_backward_batch(self, data, loss_function, forward_only=False):
        if not forward_only and "old_log_probs" not in data:
            # on policy they are only measured, and vLLM's own serve: trainer.py
            data["old_log_probs"] = data["rollout_log_probs"]
        if self.share_prompts and not forward_only:
            order = head.by_prompt(_rows(data["prompts"]))
            data = tu.index_select_tensor_dict(data, order)
        return super().forward_backward_batch(data, loss_function, forward_only)

    def _head(self, x: Float[Tensor, "1 u d"]) -> Float[Tensor, "1 t k"]:
        """In place of the vocabulary head, where FSDP holds its weight whole.

        Log-probs (and entropies) of the response's tokens stand in for logits; k is 1 or 2.
        """
        weight, micro = self.module.get_output_embeddings().weight, self.micro
        x = x[0, micro.rows] / micro.temperature.to(x.dtype)
        columns = [head.log_probs(x, weight, micro.labels)]
        if micro.entropy:
            columns.append(head.entropy(x, weight))
        return torch.stack(columns, -1)[None]

    def prepare_model_inputs(self, micro_batch):
        inputs, args = super().prepare_model_inputs(micro_batch)
        if not self.response_head:
            return inputs, args
        prompts = micro_batch["prompts"].offsets().diff()
        totals = micro_batch["input_ids"].offsets().diff()
        kept = head.predicting(prompts, totals)
        self.micro = MicroBatch(
            rows=kept,
            kept=kept,
            places=kept + 1,
            labels=args["input_ids_rmpad_rolled"][kept],
            temperature=args["temperature_rmpad"][kept, None],
            entropy=_flag(micro_batch, "calculate_entropy"),
            scored=_flag(micro_batch, SCORED),
        )
        if self.share_prompts:
            left, place = head.share(_rows(micro_batch["prompts"]), totals)
            inputs["input_ids"] = inputs["input_ids"][:, left]
            inputs["position_ids"] = inputs["position_ids"][:, left]
            self.micro.rows, self.micro.places = place[kept], place[kept + 1]
        return inputs, args

    def prepare_model_outputs(self, output, output_args, micro_batch, logits_processor_func):
        if not self.response_head:
            return super().prepare_model_outputs(
                output, output_args, micro_batch, logits_processor_func
            )
        columns = dict(zip(("log_probs", "entropy"), output.logits[0].unbind(-1)))
        if self.micro.scored:
            columns |= self.scores(self.micro.places)
        ids = micro_batch["input_ids"]
        outputs = {}
        for name, x in columns.items():
            # as verl has it: a token's number stands where the token before it stands
            whole = x.new_zeros(ids.values().shape[0]).index_put((self.micro.kept,), x)
            outputs[name] = torch.nested.nested_tensor_from_jagged(whole, ids.offsets())
        return outputs

    def scores(self, places: Int[Tensor, " t"]) -> dict[str, Float[Tensor, " t"]]:
        """More numbers for every response token of a batch that says SCORED."""
        return {}


def _flag(micro_batch, key: str) -> bool:
    return tu.get_non_tensor_data(data=micro_batch, key=key, default=False)


def _rows(nested: torch.Tensor) -> list[list[int]]:
    """The rows of a jagged tensor of token ids as lists, in one transfer."""
    flat, ends = nested.values().tolist(), nested.offsets().tolist()
    return [flat[a:b] for a, b in zip(ends, ends[1:])]
