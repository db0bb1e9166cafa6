import pytest

from projected_grpo.bench.flags import flag
from projected_grpo.cli import Refusal


def test_any_word_but_true_and_false_is_refused():
    assert flag("liger", "true") and not flag("liger", "false")
    with pytest.raises(Refusal, match="liger=yes: expected true or false"):
        flag("liger", "yes")
