"""How the runner of processes shares cards and states out. runners_test has the rest."""

import time

from projected_grpo.runs.folder import lives
from projected_grpo.sweeps import progress
from projected_grpo.sweeps.machine import Card
from projected_grpo.sweeps.study import Study
from projected_grpo.testing.study_runners import CPU, FOREVER, branching, names, queue, states

ALL_REACH = {1: [0.1], 2: [0.1], 3: [0.1]}


def processes_of(of: Study) -> list[int]:
    """Of the runs that are done, in order."""
    done = [job for job in progress.jobs(of) if job.kind == "run" and progress.is_done(job)]
    return [progress.run_of(job).manifest["pid"] for job in done]


def test_in_a_warm_study_one_process_makes_all_runs_in_the_same_order(study):
    of = study(warm=True)
    queue(of).run()
    assert names(of) == ["vanilla-s1", "project-s1", "vanilla-s2", "project-s2"]
    (process,) = set(processes_of(of))
    assert not lives(process)


def test_a_run_that_fails_ends_its_process_and_the_next_has_another(study):
    arms = {"vanilla": None, "project": {"overrides": ["fails=1"]}}
    of = study(arms=arms, seeds=[1], warm=True)
    queue(of).run()
    assert names(of) == ["vanilla-s1", "project-s1", "project-s1"]
    assert len(set(processes_of(of))) == 2


def test_a_warm_process_leaves_the_card_to_a_set(study):
    sets = {"v": {"command": "extract", "at": "branch"}}
    of = study(**branching({1: [0.1]}, points=1, started=1), sets=sets, warm=True)
    queue(of).run()
    assert names(of)[:2] == ["source vanilla-s1001", "set v-1"]
    source = next(job for job in progress.jobs(of) if job.kind == "source")
    (process,) = set(processes_of(of))
    assert progress.run_of(source).manifest["pid"] != process


def started(of: Study, *cards: Card) -> dict[str, str]:
    """Job -> card of what runs at once; all of it is ended."""
    one = queue(of, *cards)
    one.apart = 0.0
    for _ in range(6):
        one.turn()
    found = {name: process.card.visible for name, process in one.at_work.items()}
    one.end_all()
    return found


def test_a_card_is_kept_for_the_first_job_that_fits_nowhere(study):
    large = {"memory_gb": 50, "overrides": [FOREVER]}
    of = study(arms={"vanilla": {"overrides": [FOREVER]}, "project": large}, memory_gb=30)
    cards = (Card("0", 80.0, 9), Card("1", 80.0, 9))
    expected = {"vanilla-s1": "0", "project-s1": "1", "vanilla-s2": "0"}
    assert started(of, *cards) == expected


def test_no_more_run_at_once_on_a_card_than_its_most(study):
    of = study(arms={"vanilla": {"overrides": [FOREVER]}}, memory_gb=30)
    assert len(started(of, Card("0", 80.0, 1))) == 1


def test_a_set_has_a_card_to_itself(study):
    of = study(sets={"v": {"command": "extract"}, "w": {"command": "extract"}})
    one = queue(of)
    card = Card("0", 80.0, 9)
    first, second, run = progress.jobs(of)[:3]
    assert one.fits(first, card)
    one.start(first, card)
    assert not one.fits(second, card) and not one.fits(run, card)
    assert one.fits(second, Card("1", 80.0, 9))
    one.end_all()


def test_a_job_takes_as_long_as_the_longest_of_its_kind_did(study):
    of = study()
    one = queue(of, until=time.time() + 100)
    (job, *_) = progress.jobs(of)
    progress.note(of, job, 0, 50.0)
    assert one.in_time(job)
    progress.note(of, job, 0, 500.0)
    assert not one.in_time(job)


def test_only_so_many_states_are_held_at_once(study):
    of = study(**branching(ALL_REACH, held=2))
    queue(of).run()
    sources = [i for i, name in enumerate(names(of)) if name.startswith("source")]
    assert sources == [0, 1] and len(names(of)) == 6


def test_a_point_that_is_lost_is_replaced_by_another(study):
    of = study(**branching(ALL_REACH))
    one = queue(of)
    source = next(job for job in progress.jobs(of) if job.kind == "source")
    one.start(source, CPU)
    one.at_work[source.name].popen.wait()
    one.collect(one.at_work[source.name])
    (state,) = of.root.rglob("global_step_*")
    state.rmdir()
    queue(of).run()
    assert [name for name in names(of) if "/" in name] == [
        "2/vanilla-s2",
        "2/project-s2",
        "3/vanilla-s3",
        "3/project-s3",
    ]
    lost = [name for name, state in states(of).items() if state == "lost"]
    assert lost == ["1/vanilla-s1", "1/project-s1"]


def test_a_point_whose_set_fails_keeps_its_state_for_the_next_time(study):
    at_branch = {"command": "extract", "at": "branch"}
    of = study(**branching(ALL_REACH), sets={"v": {**at_branch, "options": ["status=1"]}})
    queue(of).run()
    assert names(of) == ["source vanilla-s1001", "set v-1", "set v-1"]
    assert len(list(of.root.rglob("global_step_*"))) == 1
    queue(study(**branching(ALL_REACH), sets={"v": at_branch})).run()
    assert names(of)[3:6] == ["set v-1", "1/vanilla-s1", "1/project-s1"]
