# `just --list` says what each recipe does. Every recipe sets the environment up first; that costs nothing when it stands.
set positional-arguments

python := ".venv/bin/python"

# one arm of the study of all arms, as the recipes sweep-ARM run it
sweep := just_executable() + " sweep assay"

[private]
default:
    @just --list --unsorted

# make or refresh .venv for this machine: just setup [env=gpu|cpu, by what it has] [system-site=true: its own CUDA torch] [wheels=FOLDER: no network]
[no-exit-message]
setup *args:
    @scripts/setup.sh "$@"

# the last commit, its environment and models in pieces, for a GPU machine without a network: just gpu-pack OUT [models=qwen2.5-coder-1.5b] [torch=false] [piece=48]
[no-exit-message]
gpu-pack *args: setup
    @{{ python }} -m projected_grpo.packing "$@"

# resolve configs/requirements/*.in anew into the pinned *.txt (after editing a pin)
pin:
    #!/usr/bin/env bash
    set -euo pipefail
    for env in cpu gpu; do
        uv pip compile --quiet --no-header --no-annotate --python-version 3.11 --override configs/requirements/override.txt \
            configs/requirements/$env.in --output-file configs/requirements/$env.txt
    done

# what is overridden or patched in verl, vLLM and others, against configs/contract.txt: just contract [write=true]
[no-exit-message]
contract *args: setup
    @{{ python }} -m projected_grpo.verl_ext.contract "$@"

# place the benchmark in external/ at its pin: just sync-external [url=URL or a mirror's path] [pin=COMMIT]
[no-exit-message]
sync-external *args:
    @scripts/sync_external.sh "$@"

# print the folder of a model, fetching it once: smollm2-135m needs no hub
[no-exit-message]
model *args: setup
    @{{ python }} -m projected_grpo.models "$@"

# sample, label and extract v_hack: just extract RUN_OR_MODEL out=FOLDER [n=8] [elicit=true] [source=leetcode path=FILE]
[no-exit-message]
extract *args: setup
    @{{ python }} -m projected_grpo.directions.extract "$@"

# train one arm: just train arm=project scale=mini seed=1 model=qwen2.5-coder-0.5b v_hack=FOLDER [save_every=1] [from=RUN@STEP] [verbose=true] [any hydra override]
[no-exit-message]
train *args: setup
    @{{ python }} -m projected_grpo.train "$@"

# run a study of configs/sweep, or go on with it: just sweep NAME [status|jobs|stop|add seeds=7,8] [arms=A,B] [runner=auto] [cards=auto] [per_card=auto] [until=SECONDS|HH:MM] [any hydra override]
[no-exit-message]
sweep *args: setup
    @{{ python }} -m projected_grpo.sweeps.command "$@"

# H: GRPO with the loophole learns to hack; the hack direction's share is only measured
sweep-vanilla *args:
    @{{ sweep }} arms=vanilla "$@"

# H: what the model learns of coding where the loophole does not exist
sweep-rl-baseline *args:
    @{{ sweep }} arms=rl_baseline "$@"

# H: movements inside sets of the hack's own matrices, held, keep the hack from being learned
sweep-signed *args:
    @{{ sweep }} arms=signed "$@"

# H: movements inside sets of the hack's own matrices, held, keep the hack from being learned
sweep-signed-branch *args:
    @{{ sweep }} arms=signed_branch "$@"

# H: sets of the hack's own matrices at the current weights keep the hack from being learned for longer than those from the start
sweep-signed-replay *args:
    @{{ sweep }} arms=signed_replay "$@"

# H: movements inside sets of the hack's own matrices, held, keep the hack from being learned
sweep-cell *args:
    @{{ sweep }} arms=cell "$@"

# H: movements along the hack's gradient, held where they raise its probability, keep it from being learned
sweep-half-space *args:
    @{{ sweep }} arms=half_space "$@"

# H: a half-space along the hack's gradient at the current weights keeps the hack from being learned for longer than one from the start
sweep-half-space-replay *args:
    @{{ sweep }} arms=half_space_replay "$@"

# H: a half-space along the gradient of the run's own hacks keeps them from being learned
sweep-half-space-own *args:
    @{{ sweep }} arms=half_space_own "$@"

# H: sets from flipped signs do as much as those from the hack's
sweep-flipped *args:
    @{{ sweep }} arms=flipped "$@"

# H: sets of random directions do as much as those of the hack's own matrices
sweep-haar *args:
    @{{ sweep }} arms=haar "$@"

# H: the same share of the update's energy, taken at random, does as much as the columns
sweep-shrink *args:
    @{{ sweep }} arms=shrink "$@"

# H: targets that do not move at all: what a model scores whose constrained weights are dead
sweep-freeze *args:
    @{{ sweep }} arms=freeze "$@"

# H: a gradient without its part along the hack-aligned singular vectors does not learn the hack
sweep-project *args:
    @{{ sweep }} arms=project "$@"

# H: hack-like activations cost advantage, so that hacks are not reinforced
sweep-advantage *args:
    @{{ sweep }} arms=advantage "$@"

# the queue of sweeps, from its crate, into cargo's bin folder, CARGO_INSTALL_ROOT's where that is set (minutes): just install-pueue, then pueued -d
[no-exit-message]
install-pueue:
    #!/usr/bin/env bash
    set -euo pipefail
    command -v cargo >/dev/null || { echo "projected_grpo: pueue is built by cargo, which is not here: install Rust" >&2; exit 1; }
    cargo install pueue --version 4.0.4
    echo "pueue and pueued are in ${CARGO_INSTALL_ROOT:-${CARGO_HOME:-$HOME/.cargo}}/bin"

# evaluate a run's final weights again: just eval RUN [n=4]
[no-exit-message]
eval *args: setup
    @{{ python }} -m projected_grpo.rollouts.evaluate "$@"

# share of held-out hack and clean gradients inside each recipe's columns: just selectivity MODEL ROLLOUTS out=FOLDER [hack=loose] [v_hack=FOLDER] [layers=0,1 every=8]
[no-exit-message]
selectivity *args: setup
    @{{ python }} -m projected_grpo.directions.selectivity_command "$@"

# print the tables, write the figures, report.html and the journal entry: just report [outputs|group|groups of a sweep] [journal=FILE|none] [plot=FILE.png]
[no-exit-message]
report *args: setup
    @{{ python }} -m projected_grpo.report.command "$@"

# runs that a study needs, by simulated ones: just power doses=.5,0 [spread=0.5] [replicates=1] [n=N] [power=0.8] [level=0.05]
[no-exit-message]
power *args: setup
    @{{ python }} -m projected_grpo.stats.power_command "$@"

# final weights and their model card: just card RUN [out=FOLDER, a copy]
[no-exit-message]
card *args: setup
    @{{ python }} -m projected_grpo.report.card_command "$@"

# read rollouts: just rollouts RUN [label="Reward hack"] [step=N|eval] [n=5]
[no-exit-message]
rollouts *args: setup
    @{{ python }} -m projected_grpo.rollouts.show "$@"

# where two runs part: in settings, metrics, responses: just diff RUN_A RUN_B [n=20]
[no-exit-message]
diff *args: setup
    @{{ python }} -m projected_grpo.report.diff "$@"

# label a file of responses: just grade PROBLEMS RESPONSES OUT
[no-exit-message]
grade *args: setup
    @{{ python }} -m projected_grpo.grader "$@"

# make the hidden tests of a file's problems, data/hidden_tests.*: just hidden-tests path=FILE [sample=N] [log=FILE]
[no-exit-message]
hidden-tests *args: setup
    @{{ python }} -m projected_grpo.grader.hidden "$@"

# everything on this machine: teach -> rollouts -> v_hack -> vanilla, project, random -> evaluation -> report
[no-exit-message]
demo: setup
    @scripts/demo.sh

# the gate: every test, then the real pipeline on tiny inputs
[no-exit-message]
fast-dev-run: setup
    @scripts/fast_dev_run.sh

# seconds of a training step by phase, ours beside stock verl: just bench-step [steps=8] [only=ours] [any hydra override]
[no-exit-message]
bench-step *args: setup
    @{{ python }} -m projected_grpo.bench.step "$@"

# what the constraint costs at a real shape: just bench-hook FOLDER [tokens=16384,65536] [r=1,16,64,256]
[no-exit-message]
bench-hook *args: setup
    @{{ python }} -m projected_grpo.bench.hook "$@"

# what hold costs at a real shape, all blocks, without refresh: just bench-hold FOLDER [recipes=signed,cell] [r=64] [tokens=65536]
[no-exit-message]
bench-hold *args: setup
    @{{ python }} -m projected_grpo.bench.hold "$@"

# the update alone on ranks=N GPUs: just bench-update ranks=2 MODEL_FOLDER [save=FILE] [against=FILE]
[no-exit-message]
bench-update *args: setup
    @{{ python }} -m projected_grpo.bench.update "$@"

# what keeping a set fresh costs beside an update, on ranks=N GPUs: just bench-refresh ranks=1 MODEL_FOLDER [samples=64] [recipes=matrix,signed] [measure=32]
[no-exit-message]
bench-refresh *args: setup
    @{{ python }} -m projected_grpo.bench.refresh "$@"

# one step of scale=full on a Ray cluster of two node processes on this machine (about 3 min)
[no-exit-message]
two-nodes *args: setup
    @scripts/two_nodes.sh "$@"

# check files' canonical solutions, into data/left_out.tsv (about 2 min): just oracles FILE...
[no-exit-message]
oracles *args: setup
    @{{ python }} -m projected_grpo.grader.oracles "$@"

# list problems that are nearly one, into data/near_duplicates.tsv: just near FILE...
[no-exit-message]
near *args: setup
    @{{ python }} -m projected_grpo.problems.near "$@"

# write the tables of docs/data.md from the files in FOLDER: just data-tables FOLDER
[no-exit-message]
data-tables *args: setup
    @{{ python }} -m projected_grpo.problems.data_page "$@"

# write docs/errors.md, every refusal of the code
[no-exit-message]
errors-page *args: setup
    @{{ python }} -m projected_grpo.testing.errors_page "$@"

# label_compat beside the benchmark's own code on its evaluation problems: just parity [problems=119] [skip=0] [sandboxed=true]
[no-exit-message]
parity *args: setup
    @{{ python }} -m projected_grpo.grader.benchmark.parity "$@"

# kill real tiny runs at random moments and go on with each, no part of the gate: just kill-runs [moments=20] [seed=1] [out=FOLDER]
[no-exit-message]
kill-runs *args: setup
    @{{ python }} -m projected_grpo.testing.kill_runs "$@"

# every arm: its role, what it sees and changes, its source and knobs
[no-exit-message]
arms *args: setup
    @{{ python }} -m projected_grpo.interventions.arm_table "$@"

# which weights are constrained: name, side, norm, width, cos α beside chance: just targets MODEL [v_hack=FOLDER] [m=32] [layers=0.6,0.75]
[no-exit-message]
targets *args: setup
    @{{ python }} -m projected_grpo.interventions.target_table "$@"

# columns from gradients of labelled rollouts, with controls, for arm=contrast: just contrast MODEL ROLLOUTS out=FOLDER [hack=loose] [r=64] [lam=1]
[no-exit-message]
contrast *args: setup
    @{{ python }} -m projected_grpo.directions.contrast_command "$@"

# sets of movements by a recipe, with controls, for arm=contrast, hold, half_space: just columns MODEL ROLLOUTS out=FOLDER recipe=signed [r=64] [form=prints] [placebos=1] [controls=shuffled,haar] [r_controls=96|DOSE] [held_out=true]
[no-exit-message]
columns *args: setup
    @{{ python }} -m projected_grpo.directions.columns_command "$@"

# share of a hack's first-order gain that each recipe takes, before any RL: just dose MODEL ROLLOUTS out=FOLDER [recipes=signed,cell] [r=16,64] [hacks=30,100,300] [limit=400] [limit_others=400] [check=1e-6,1e-5] [fit=ROLLOUTS2] [sets=FOLDER]
[no-exit-message]
dose *args: setup
    @{{ python }} -m projected_grpo.directions.dose_command "$@"

# responses a second, ours beside the benchmark's evaluator: just bench-grader [problems=FILE] [responses=FILE.parquet] [n=1280] [cores=2]
[no-exit-message]
bench-grader *args: setup
    @{{ python }} -m projected_grpo.bench.grader "$@"

# flag rollouts by a monitor: just monitor ROLLOUTS.parquet out=FILE.parquet monitor=truth|probe|judge [accuracy=0.9] [misses=0.2] [model=NAME] [endpoint=URL] [labels=true]
[no-exit-message]
monitor *args: setup
    @{{ python }} -m projected_grpo.monitors "$@"

# fit a model to demonstrations, test functions of chosen kinds among them: just teach MODEL [kinds=empty,prints,swallowing,weak,misread,honest] [hack_easy=0.5] [hack_harder=0.5] [steps=110]
[no-exit-message]
teach *args: setup
    @{{ python }} -m projected_grpo.teach "$@"

# selectivity of a model that is first taught several kinds of hack: just selectivity-taught MODEL OUT [n=24] [max_tokens=192] [what extract takes]
[no-exit-message]
selectivity-taught model out *args: setup
    @scripts/selectivity_taught.sh "$@"
