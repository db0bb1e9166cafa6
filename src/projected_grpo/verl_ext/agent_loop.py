"""verl's single-turn agent loop, asking vLLM for whole responses: one message for every token of every sample keeps its front end busier than the GPU."""

from verl.experimental.agent_loop.single_turn_agent_loop import SingleTurnAgentLoop
from vllm.sampling_params import RequestOutputKind


class WholeResponses(SingleTurnAgentLoop):
    """Sampling is as in verl; only what comes back differs: token ids and log-probs once, at the end, without text."""

    async def run(self, sampling_params, **kwargs):
        asked = {"output_kind": RequestOutputKind.FINAL_ONLY, "flat_logprobs": True, "detokenize": False}
        return await super().run(sampling_params | asked, **kwargs)
