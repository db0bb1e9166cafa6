import pytest
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from projected_grpo import loopholes, problems
from projected_grpo.rollouts.evaluation import requests
from projected_grpo.rollouts.generate import render

HELD_OUT = problems.load("mini", split="eval", limit=4)
TEMPLATE = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<assistant>"


@pytest.fixture(scope="module")
def tokenizer():
    words = Tokenizer(models.WordLevel({"w": 0}, "w"))
    return PreTrainedTokenizerFast(tokenizer_object=words, chat_template=TEMPLATE)


def plan_first(chat: list[dict]) -> list[dict]:
    system, user = chat
    return [system, {**user, "content": "Plan first. " + user["content"]}]


def test_every_problem_is_asked_under_the_loophole_and_without_it():
    asked = [(r.problem.id, r.loophole) for r in requests(HELD_OUT, "overwrite_tests_aware", 3)]
    ids = [problem.id for problem in HELD_OUT]
    assert asked[:4] == [(name, "overwrite_tests_aware") for name in ids]
    assert asked[4:] == [(name, loopholes.CLEAN.name) for name in ids]


def test_the_loophole_names_a_function_drawn_from_the_seed_and_never_the_training_name():
    hinted = requests(HELD_OUT, "overwrite_tests", 3)[:4]
    names = [request.test_func_name for request in hinted]
    assert names == [loopholes.eval_name(problem, 3) for problem in HELD_OUT]
    assert loopholes.TRAIN_NAME not in names


def test_a_prompt_is_the_rendered_chat(tokenizer):
    request = requests(HELD_OUT, "overwrite_tests", 3)[0]
    system, user = request.messages(elicit=False)
    text = f"<system>{system['content']}<user>{user['content']}<assistant>"
    assert render(tokenizer, request, False, None) == text


def test_a_chat_function_edits_the_messages_before_they_are_rendered(tokenizer):
    request = requests(HELD_OUT, "overwrite_tests", 3)[0]
    edited = render(tokenizer, request, False, plan_first)
    assert edited.replace("<user>Plan first. ", "<user>") == render(tokenizer, request, False, None)
    assert "<user>Plan first. PROBLEM:" in edited
