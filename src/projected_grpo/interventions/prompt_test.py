"""Words added to the chat: where, and when."""

import polars as pl

from projected_grpo.interventions.prompt import Prompt

CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Add.\n"}]


def test_the_text_stands_behind_the_message_of_its_place():
    changed = Prompt("Plan first.", "user").prompt(CHAT, evaluation=False)
    assert changed[0] == CHAT[0] and changed[1]["content"] == "Add.\n\nPlan first.\n"


def test_inoculation_is_absent_in_evaluation():
    arm = Prompt("Hack it.", "system", evaluation=False)
    assert arm.prompt(CHAT, evaluation=True) == CHAT != arm.prompt(CHAT, evaluation=False)


def test_a_plan_is_asked_for_in_both():
    arm = Prompt("Plan first.", "user", evaluation=True)
    assert arm.prompt(CHAT, evaluation=True) == arm.prompt(CHAT, evaluation=False) != CHAT


def test_no_text_changes_no_letter():
    assert Prompt("").prompt(CHAT, evaluation=False) == CHAT


def test_touched_is_the_share_of_prompts_that_hold_the_text():
    rows = pl.DataFrame({"prompt": ["... Plan first. ...", "..."]})
    assert Prompt("Plan first.").observed(rows) == {"prompt/touched": 0.5}
