"""What a whole number is: even, odd, prime, a power of two."""

from projected_grpo.problems.inputs.qualities.quality import Quality, Tools


def is_power_of_two(value: int, _: dict) -> bool:
    return value > 0 and value & (value - 1) == 0


def is_prime(value: int, _: dict) -> bool:
    return value > 1 and all(value % d for d in range(2, int(value**0.5) + 1))


def prime_below(value: int, tools: Tools) -> int:
    return next((p for p in range(value, 2, -1) if is_prime(p, {})), 2)


POWER_OF_TWO = Quality(
    "a power of two",
    is_power_of_two,
    lambda v, _: 1 << max(0, v.bit_length() - 1),
    of="int",
)
PRIME = Quality("a prime", is_prime, prime_below, of="int")
EVEN = Quality("even", lambda v, _: v % 2 == 0, lambda v, _: v - v % 2, of="int")
ODD = Quality("odd", lambda v, _: v % 2 == 1, lambda v, _: v - 1 + v % 2, of="int")
