from projected_grpo.verl_ext import rendezvous

HANDLE = "ipc:///tmp/rl-colocate-zmq-01000000-replica-0-rank-0.sock"


def test_two_runs_of_one_host_meet_on_two_sockets(monkeypatch):
    found = set()
    for run in ("/runs/vanilla-s1", "/runs/project-s1"):
        monkeypatch.setenv(rendezvous.RUN_DIR, run)
        found.add(rendezvous.own(HANDLE))
    assert len(found) == 2 and all(
        len(handle) < 100 and handle.endswith("-replica-0-rank-0.sock") for handle in found
    )
