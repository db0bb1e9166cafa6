"""Lists of numbers of which more than one is right: is this one?"""

from collections import Counter
from itertools import pairwise

from projected_grpo.problems.checkers.registry import (
    checker,
    text_list,
    whole,
    whole_list,
    whole_rows,
)

Ints = list[int]
Grid = list[Ints]


@checker(whole_list)
def two_sum(answer: Ints, expected: Ints, nums: Ints, target: int) -> bool:
    """Two indices, in any order."""
    return two_sum_sorted([i + 1 for i in sorted(answer)], expected, nums, target)


@checker(whole_list)
def two_sum_sorted(answer: Ints, expected: Ints, numbers: Ints, target: int) -> bool:
    """Two places from 1 on, the smaller one first."""
    if len(answer) != 2:
        return False
    first, second = answer
    in_range = 1 <= first < second <= len(numbers)
    return in_range and numbers[first - 1] + numbers[second - 1] == target


@checker(whole_list)
def gray_code(answer: Ints, expected: Ints, n: int) -> bool:
    return circular_permutation(answer, expected, n, 0)


@checker(whole_list)
def circular_permutation(answer: Ints, expected: Ints, n: int, start: int) -> bool:
    """Every n-bit number once, from start on, each one bit off its neighbours on the circle."""
    if sorted(answer) != list(range(2**n)) or answer[0] != start:
        return False
    return all((a ^ b).bit_count() == 1 for a, b in pairwise([*answer, start]))


@checker(whole_list)
def top_k_frequent(answer: Ints, expected: Ints, nums: Ints, k: int) -> bool:
    """k different values, as frequent as the expected ones."""
    counts = Counter(nums)
    is_distinct = all(a < b for a, b in pairwise(sorted(answer)))
    return is_distinct and sorted(counts[a] for a in answer) == sorted(counts[e] for e in expected)


@checker(whole_rows)
def k_closest(answer: Grid, expected: Grid, points: Grid, k: int) -> bool:
    """Points of the given ones, as near to the origin as the expected ones."""

    def distances(chosen: Grid) -> Ints:
        return sorted(x * x + y * y for x, y in chosen)

    return are_available(answer, points) and distances(answer) == distances(expected)


def are_available(answer: Grid, rows: Grid) -> bool:
    """Whether every row of the answer is one of rows, no more often than there."""
    left = Counter(map(tuple, rows))
    for row in map(tuple, answer):
        # Only rows of ours are ever counted.
        if left.get(row, 0) == 0:
            return False
        left[row] -= 1
    return True


@checker(whole_rows)
def k_smallest_pairs(answer: Grid, expected: Grid, nums1: Ints, nums2: Ints, k: int) -> bool:
    """Pairs of the two lists, no more often than there, with the expected sums."""
    if any(len(pair) != 2 for pair in answer):
        return False
    if sorted(map(sum, answer)) != sorted(map(sum, expected)):
        return False
    first, second = Counter(nums1), Counter(nums2)
    if any(first[u] * second[v] == 0 for u, v in answer):
        return False
    return all(n <= first[u] * second[v] for (u, v), n in Counter(map(tuple, answer)).items())


@checker(whole_list)
def k_differences(answer: Ints, expected: Ints, n: int, k: int) -> bool:
    """1 to n with k different distances between neighbours."""
    if sorted(answer) != list(range(1, n + 1)):
        return False
    return len({abs(a - b) for a, b in pairwise(answer)}) == k


@checker(whole_list)
def most_advantage(answer: Ints, expected: Ints, nums1: Ints, nums2: Ints) -> bool:
    """A permutation of nums1 that beats nums2 as often as the expected one."""

    def advantage(order: Ints) -> int:
        return sum(a > b for a, b in zip(order, nums2))

    return sorted(answer) == sorted(nums1) and advantage(answer) == advantage(expected)


@checker(whole_list)
def fair_swap(answer: Ints, expected: Ints, aliceSizes: Ints, bobSizes: Ints) -> bool:
    """A box of hers and a box of his whose exchange makes them equal."""
    if len(answer) != 2:
        return False
    hers, his = answer
    is_fair = 2 * (his - hers) == sum(bobSizes) - sum(aliceSizes)
    return is_fair and hers in aliceSizes and his in bobSizes


@checker(whole_list)
def parity_by_place(answer: Ints, expected: Ints, nums: Ints) -> bool:
    return sorted(answer) == sorted(nums) and all((a - i) % 2 == 0 for i, a in enumerate(answer))


@checker(whole_list, impossible=[-1, -1])
def three_equal_parts(answer: Ints, expected: Ints, arr: Ints) -> bool:
    if len(answer) != 2:
        return False
    i, j = answer
    if not 0 <= i < i + 1 < j < len(arr):
        return False
    bits = "".join(map(str, arr))
    parts = bits[: i + 1], bits[i + 1 : j], bits[j:]
    return len({part.lstrip("0") for part in parts}) == 1


@checker(whole_list)
def increase_and_decrease(answer: Ints, expected: Ints, s: str) -> bool:
    """0 to len(s) in an order that goes up at I and down at D."""
    if sorted(answer) != list(range(len(s) + 1)):
        return False
    return all((a < b) == (turn == "I") for (a, b), turn in zip(pairwise(answer), s))


@checker(whole_list)
def sum_without_zeros(answer: Ints, expected: Ints, n: int) -> bool:
    if len(answer) != 2 or min(answer) < 1 or sum(answer) != n:
        return False
    return "0" not in f"{answer[0]}{answer[1]}"


@checker(whole_list, impossible=[])
def fibonacci_split(answer: Ints, expected: Ints, num: str) -> bool:
    """Three or more 32-bit numbers that read num, each but the first two the sum of two."""
    if not 3 <= len(answer) <= len(num) or not all(0 <= a < 2**31 for a in answer):
        return False
    adds_up = all(a + b == c for a, b, c in zip(answer, answer[1:], answer[2:]))
    return adds_up and "".join(map(str, answer)) == num


@checker(whole_list, impossible=[])
def no_flood(answer: Ints, expected: Ints, rains: Ints) -> bool:
    """-1 for a day of rain, else a lake that is dried, so that it rains on no full one."""
    if len(answer) != len(rains):
        return False
    full = set()
    for rain, dried in zip(rains, answer):
        if not rain:
            full.discard(dried)
        if rain in full or (dried != -1 if rain else dried < 1):
            return False
        if rain:
            full.add(rain)
    return True


@checker(whole_list)
def neighbours_restored(answer: Ints, expected: Ints, adjacentPairs: Grid) -> bool:
    """A list whose neighbours are the given pairs."""
    if len(answer) != len(adjacentPairs) + 1:
        return False
    pairs = sorted(map(sorted, pairwise(answer)))
    return pairs == sorted(map(sorted, adjacentPairs))


@checker(whole_list)
def middle_recovered(answer: Ints, expected: Ints, nums: Ints) -> bool:
    """A list that gives nums where some k > 0 is taken off and added."""
    if not 0 < 2 * len(answer) == len(nums):
        return False
    k = max(nums) - max(answer)
    return k > 0 and sorted([*(a - k for a in answer), *(a + k for a in answer)]) == sorted(nums)


@checker(whole_list)
def archery(answer: Ints, expected: Ints, numArrows: int, aliceArrows: Ints) -> bool:
    """All arrows shot, for as many points as the expected ones win."""
    if len(answer) != len(aliceArrows) or min(answer) < 0 or sum(answer) != numArrows:
        return False

    def points(arrows: Ints) -> int:
        return sum(i for i, arrow in enumerate(arrows) if arrow > aliceArrows[i])

    return points(answer) == points(expected)


@checker(whole, impossible=-1)
def subarray_size(answer: int, expected: int, nums: Ints, threshold: int) -> bool:
    """k of a run of k numbers that are each more than threshold / k."""
    if answer < 1:
        return False
    run = 0
    for number in nums:
        run = run + 1 if number * answer > threshold else 0
        if run == answer:
            return True
    return False


@checker(text_list)
def stack_operations(answer: list[str], expected: list[str], target: Ints, n: int) -> bool:
    """Push and Pop that leave target on the stack, with nothing done once it is there."""
    # All that build it are equally long.
    if len(answer) != len(expected):
        return False
    stack, read = [], 0
    for operation in answer:
        if stack == target:
            return False
        if operation == "Push" and read < n:
            read += 1
            stack.append(read)
        elif operation == "Pop" and stack:
            stack.pop()
        else:
            return False
    return stack == target
