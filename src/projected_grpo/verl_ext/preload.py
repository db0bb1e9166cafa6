"""All that a run's processes import, for the prefork server.

That is what actor, vLLM's server and engine, agent loop, reward and transfer queue need. Imports
only: nothing may run but the check at the end.
"""

import os
from types import SimpleNamespace

# The first job of a local cluster.
JOB = "01000000"
# Ray's core reads these two once, when it is imported: which job it works for, and whose end is its
# own, here the server's. torch counts GPUs without opening CUDA.
os.environ |= {
    "RAY_JOB_ID": JOB,
    "RAY_RAYLET_PID": str(os.getpid()),
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
}

import numpy
import ray.actor
import torch
from ray._raylet import ActorClassID, Config, WorkerID

from projected_grpo.fast import prefork
from projected_grpo.verl_ext import unopened

# A class that is made an actor where it is defined gets a random id from Ray's core. Its first draw
# seeds the core for good, and every fork would draw the same ids after it.
ray.actor.ActorClassID = SimpleNamespace(
    from_random=lambda: ActorClassID(os.urandom(ActorClassID.size()))
)

with unopened.imports():
    import transfer_queue.storage
    import verl.experimental.reward_loop
    import verl.trainer.ppo.v1
    import verl.workers.rollout.vllm_rollout.vllm_async_server
    import verl.workers.rollout.vllm_rollout.vllm_rollout
    import vllm.entrypoints.openai.api_server
    import vllm.model_executor.models.registry
    import vllm.v1.engine.core
    import vllm.v1.executor.uniproc_executor

    import projected_grpo.verl_ext.agent_loop
    import projected_grpo.verl_ext.reward
    import projected_grpo.verl_ext.trainer
    import projected_grpo.verl_ext.vllm_worker
    import projected_grpo.verl_ext.worker

    if unopened.gpu.is_cuda():
        import vllm.v1.worker.gpu.model_runner
        import vllm.v1.worker.gpu_worker
    else:
        import vllm.v1.worker.cpu_worker


def drawn_in_a_fork() -> bytes:
    """An id from Ray's core, as a process that is forked here draws it."""
    ours, theirs = os.pipe()
    if (pid := os.fork()) == 0:
        os.write(theirs, WorkerID.from_random().binary())
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        return pipe.read()


assert drawn_in_a_fork() != drawn_in_a_fork(), (
    "an import drew from Ray's random numbers: all processes of a run would give their tasks "
    "the same ids"
)


def in_child() -> None:
    """What is read from the environment or drawn once at import, and must be anew in each."""
    assert os.environ.get("RAY_JOB_ID", JOB) == JOB, (
        "a preforked process serves the first job of a cluster only"
    )
    # Ray's other settings: the cluster's token mode.
    Config.initialize("")
    # vLLM's registry looks at a model's class in a process of its own.
    vllm.model_executor.models.registry._SUBPROCESS_COMMAND[0] = os.environ[prefork.PYTHON]
    numpy.random.seed()
    if "OMP_NUM_THREADS" in os.environ:
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
