"""What the processes that tests start have in common, for the server that they are forked from.

verl reads its platform when it is imported.
"""

import os

os.environ |= {
    "VERL_PLATFORM": "cpu",
    "VERL_USE_EXTERNAL_MODULES": "projected_grpo.verl_ext.platform_cpu",
    "TORCHDYNAMO_DISABLE": "1",
}

import peft  # noqa: F401
import transformers.models.llama.modeling_llama  # noqa: F401
import verl.utils.tensordict_utils  # noqa: F401
import verl.workers.utils.losses  # noqa: F401

import projected_grpo.verl_ext.engine  # noqa: F401
