import random

from projected_grpo.grader.hidden.neighbours import neighbour

SHOWN = {"nums": [3, 1, 2], "word": "ab1", "grid": [[0, 1], [1, 0]], "yes": True, "x": 0.5}


def test_a_neighbour_has_the_same_names_and_types_and_often_another_value():
    rng = random.Random(0)
    near = [neighbour(rng, SHOWN) for _ in range(200)]
    for arguments in near:
        assert [(k, type(v)) for k, v in arguments.items()] == [
            (k, type(v)) for k, v in SHOWN.items()
        ]
    assert sum(arguments != SHOWN for arguments in near) > 150


def test_the_given_input_stays_as_it_was():
    before = repr(SHOWN)
    for seed in range(100):
        neighbour(random.Random(seed), SHOWN)
    assert repr(SHOWN) == before


def test_no_items_make_no_items():
    assert neighbour(random.Random(0), {"nums": [], "word": ""}) == {"nums": [], "word": ""}
