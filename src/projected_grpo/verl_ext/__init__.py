"""The only room that knows verl. verl imports this package in every process of a run (VERL_USE_EXTERNAL_MODULES), so it stays import-light."""

import os

if os.environ.get("VERL_PLATFORM", "").strip().lower() == "cpu":
    from projected_grpo.verl_ext import platform_cpu

    platform_cpu.patch_gloo()
