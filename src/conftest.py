"""Processes that tests start fork from one that has imported what all of them need."""

import multiprocessing

multiprocessing.set_forkserver_preload(
    ["torch", "tensordict", "peft", "transformers.models.llama.modeling_llama"]
)
