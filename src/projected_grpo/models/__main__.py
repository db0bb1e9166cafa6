"""Prints a model's folder: `python -m projected_grpo.models NAME_OR_FOLDER`."""

import sys

from projected_grpo import models

if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(
            f"usage: python -m projected_grpo.models NAME_OR_FOLDER  ({', '.join(models.MODELS)})"
        )
    print(models.resolve(sys.argv[1]))
