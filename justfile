# `just --list` says what each recipe does. Every recipe sets the environment up first; that costs nothing when it stands.
set positional-arguments

python := ".venv/bin/python"
kind := `cat .venv/kind 2>/dev/null || true`

[private]
default:
    @just --list --unsorted

# make or refresh .venv for this machine: env=gpu or env=cpu, chosen by what it has
setup *args:
    @scripts/setup.sh "$@"

# resolve configs/requirements/*.in anew into the pinned *.txt (after editing a pin)
pin:
    #!/usr/bin/env bash
    set -euo pipefail
    for env in cpu gpu; do
        uv pip compile --quiet --no-header --no-annotate --python-version 3.11 --override configs/requirements/override.txt \
            configs/requirements/$env.in --output-file configs/requirements/$env.txt
    done

# place the benchmark in external/ at its pin; url=PATH takes a local mirror
sync-external *args:
    @scripts/sync_external.sh "$@"

# print the folder of a model, fetching it once: smollm2-135m needs no hub
model name: setup
    @{{ python }} -m projected_grpo.models "$@"
