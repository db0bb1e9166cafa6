"""What all tests share: a process to fork from, and property tests that take the time they take."""

import multiprocessing

import hypothesis

# Processes that tests start fork from one that has imported what all of them need.
multiprocessing.set_forkserver_preload(["projected_grpo.testing.forked"])

# An example that other work of the machine makes slow is no failure.
hypothesis.settings.register_profile("beside other work", deadline=None)
hypothesis.settings.load_profile("beside other work")
