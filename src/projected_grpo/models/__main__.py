"""Prints a model's folder: `python -m projected_grpo.models NAME_OR_FOLDER`."""

import sys

from projected_grpo import models
from projected_grpo.cli import Refusal

if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise Refusal(f"just model NAME_OR_FOLDER, one of {', '.join(models.MODELS)}, or a folder")
    print(models.resolve(sys.argv[1]))
