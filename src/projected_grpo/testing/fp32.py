"""Words of a run that computes in fp32 throughout, for tests that compare what runs sample.

In bf16 what vLLM happens to compute together decides between tokens that are nearly as likely.
"""

FP32 = (
    "actor_rollout_ref.rollout.dtype=float32",
    "actor_rollout_ref.actor.fsdp_config.mixed_precision.param_dtype=float32",
)
