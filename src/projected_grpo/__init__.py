"""Does GRPO still learn to reward-hack when the weights may not move along the hack direction?

BEARTYPE=1 in the environment checks every jaxtyping annotation of the package at run time.
"""

import os

if os.environ.get("BEARTYPE") == "1":
    import jaxtyping

    jaxtyping.install_import_hook("projected_grpo", "beartype.beartype")
