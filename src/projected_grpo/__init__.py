"""Does GRPO still learn to reward-hack when the weights may not move along the hack direction?

BEARTYPE=1 in the environment checks every annotation of the package at run time.
"""

import os

# Where annotations have shapes. jaxtyping compares them in each call, which takes twenty times as
# long as beartype alone. train has none: it annotates with classes that it does not import, which
# jaxtyping lets pass.
SHAPED = (
    "directions",
    "fast",
    "interventions",
    "monitors",
    "stats",
    "teach",
    "train",
    "verl_ext",
    "weights",
)

if os.environ.get("BEARTYPE") == "1":
    import jaxtyping
    from beartype import BeartypeConf, claw

    claw.beartype_package(__name__, conf=BeartypeConf(claw_is_pep526=False))
    shaped = [f"{__name__}.{room}" for room in SHAPED]
    jaxtyping.install_import_hook(shaped, "beartype.beartype")
