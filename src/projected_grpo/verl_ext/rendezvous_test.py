from projected_grpo.verl_ext import rendezvous

HANDLE = "ipc:///tmp/rl-colocate-zmq-01000000-replica-0-rank-0.sock"


def test_two_runs_of_one_host_meet_on_two_sockets(monkeypatch):
    handles = set()
    for run in ("/runs/vanilla-s1", "/runs/project-s1"):
        monkeypatch.setenv(rendezvous.RUN_DIR, run)
        handles.add(rendezvous.own(HANDLE))
    assert len(handles) == 2
    for handle in handles:
        assert len(handle) < 100 and handle.endswith("-replica-0-rank-0.sock")
