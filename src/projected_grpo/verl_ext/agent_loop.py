"""verl's single-turn agent loop, which asks vLLM for whole responses.

One message for every token of every sample keeps its front end busier than the GPU.
"""

import math
from hashlib import sha256

from verl.experimental.agent_loop.single_turn_agent_loop import SingleTurnAgentLoop
from vllm.sampling_params import RequestOutputKind

WHOLE = {
    "output_kind": RequestOutputKind.FINAL_ONLY,
    "flat_logprobs": True,
    "detokenize": False,
}


def seed_of(seed: int, uid: str, session: int) -> int:
    """A sample's own: of the run's seed, the step, the prompt's place in it, and its number."""
    digest = sha256(f"{seed}|{uid}|{session}".encode()).digest()
    return int.from_bytes(digest[:8]) >> 1


class WholeResponses(SingleTurnAgentLoop):
    """Sampling is as in verl; only what comes back differs: token ids once, at the end, no text.

    Each sample has a seed of its own (run.seeded), so that what is sampled hangs neither on when
    requests arrive nor on what was sampled before.
    fast=false asks as verl does.
    Where vLLM's log-probs are only measured (loss.py) the first sample of each prompt has them and
    the others NaN: to hand them over costs vLLM a fifth of a token's time.
    """

    async def run(self, sampling_params, session_id: int, **kwargs):
        if self.config.run.seeded:
            seed = seed_of(self.config.actor_rollout_ref.rollout.seed, kwargs["uid"], session_id)
            sampling_params = sampling_params | {"seed": seed}
        if not self.config.fast:
            return await super().run(sampling_params, **kwargs)
        loss_mode = self.config.actor_rollout_ref.actor.policy_loss.loss_mode
        if session_id == 0 or loss_mode != "on_policy":
            return await super().run(sampling_params | WHOLE, **kwargs)
        output = await super().run(sampling_params | WHOLE | {"logprobs": False}, **kwargs)
        output.response_logprobs = [math.nan] * len(output.response_ids)
        return output
