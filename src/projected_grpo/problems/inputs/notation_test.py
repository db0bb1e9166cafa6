import pytest

from projected_grpo.problems.inputs.notation import plain, powers


@pytest.mark.parametrize(
    ("lost", "meant"),
    [
        ("n <= 105", "n <= 10**5"),
        ("n <= 3 * 104", "n <= 3 * 10**4"),
        ("x <= 1012", "x <= 10**12"),
        ("-231 <= x <= 231 - 1", "-2**31 <= x <= 2**31 - 1"),
        ("n <= 100", "n <= 100"),
        ("n <= 1000", "n <= 1000"),
        ("n <= 110", "n <= 110"),
        ("n <= 250", "n <= 250"),
        ("n <= 2000", "n <= 2000"),
        ("n <= 10^5", "n <= 10**5"),
        ("n <= 5 x 10^4", "n <= 5 * 10**4"),
        ("n <= 20,000", "n <= 20000"),
        ("0 <= xi, yi <= 104", "0 <= xi, yi <= 10**4"),
    ],
)
def test_powers_are_found_where_their_sign_was_lost(lost, meant):
    assert powers(lost) == meant


def test_typographic_signs_become_plain_ones():
    assert plain("1\xa0≤ x ≤\u200b 9") == "1 <= x <= 9"
