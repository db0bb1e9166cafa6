"""Programs that find the expected numbers in another order."""

from collections import Counter
from functools import reduce
from itertools import combinations, pairwise, product
from operator import xor
from statistics import median_low


def parts_of(intervals):
    """(start, stop, what lies there) of the parts of a line between any two ends."""
    ends = sorted({end for start, stop, _ in intervals for end in (start, stop)})
    for left, right in pairwise(ends):
        over = [value for start, stop, value in intervals if start <= left < stop]
        if over:
            yield left, right, over


def leetcode_15(nums):
    found = {tuple(sorted(three)) for three in combinations(nums, 3) if sum(three) == 0}
    return [[c, a, b] for a, b, c in sorted(found, reverse=True)]


def leetcode_18(nums, target):
    found = {tuple(sorted(four)) for four in combinations(nums, 4) if sum(four) == target}
    return [list(four[::-1]) for four in sorted(found, reverse=True)]


def leetcode_39(candidates, target):
    if target == 0:
        return [[]]
    found = []
    for i, last in enumerate(candidates):
        if last <= target:
            found += [[last, *r] for r in leetcode_39(candidates[: i + 1], target - last)]
    return found


def leetcode_40(candidates, target):
    found = {()}
    for number in sorted(candidates, reverse=True):
        found |= {(*chosen, number) for chosen in found if sum(chosen) + number <= target}
    return [list(chosen) for chosen in sorted(found) if sum(chosen) == target]


def leetcode_56(intervals):
    merged = []
    for start, end in sorted(intervals, key=lambda interval: -interval[1]):
        while merged and merged[-1][0] <= end:
            other = merged.pop()
            start, end = min(start, other[0]), max(end, other[1])
        merged.append([start, end])
    return merged


def leetcode_216(k, n):
    chosen = combinations(range(9, 0, -1), k)
    return [list(numbers) for numbers in chosen if sum(numbers) == n]


def leetcode_260(nums):
    both = reduce(xor, nums)
    one = reduce(xor, [n for n in nums if n & both & -both], 0)
    return [one, one ^ both] if one > one ^ both else [one ^ both, one]


def leetcode_349(nums1, nums2):
    return sorted(set(nums1) & set(nums2))


def leetcode_448(nums):
    return sorted({*range(1, len(nums) + 1)} - {*nums}, reverse=True)


def leetcode_728(left, right):
    numbers = range(right, left - 1, -1)
    return [n for n in numbers if all(d != "0" and n % int(d) == 0 for d in str(n))]


def leetcode_1010(x, y, bound):
    powers = product(range(21), range(21))
    return sorted({x**i + y**j for i, j in powers if x**i + y**j <= bound}, reverse=True)


def leetcode_1392(nums1, nums2):
    first, second = set(nums1), set(nums2)
    return [sorted(first - second, reverse=True), sorted(second - first, reverse=True)]


def leetcode_1581(arr, k):
    middle = median_low(arr)
    return sorted(arr, key=lambda n: (abs(n - middle), n))[-k:]


def leetcode_1710(k, arrival, load):
    free_at, handled = [0] * k, Counter(range(k))
    for i, (start, length) in enumerate(zip(arrival, load)):
        free = [s % k for s in range(i, i + k) if free_at[s % k] <= start]
        for server in free[:1]:
            free_at[server] = start + length
            handled[server] += 1
    return [server for server in reversed(range(k)) if handled[server] == max(handled.values())]


def leetcode_2055(segments):
    return [[left, right, sum(colors)] for left, right, colors in parts_of(segments)][::-1]


def leetcode_2117(changed):
    counts, found = Counter(changed), []
    for number in sorted(changed, reverse=True):
        if counts[number] > 0:
            counts[number] -= 1
            if number % 2 or counts[number // 2] < 1:
                return []
            counts[number // 2] -= 1
            found.append(number // 2)
    return found


def leetcode_2142(buildings):
    street = []
    for left, right, heights in parts_of(buildings):
        average = sum(heights) // len(heights)
        if street and street[-1][1:] == [left, average]:
            left = street.pop()[0]
        street.append([left, right, average])
    return street[::-1]


def leetcode_2205(security, time):
    def is_good(day):
        before = security[day - time : day + 1]
        after = security[day : day + time + 1]
        return before == sorted(before, reverse=True) and after == sorted(after)

    return [day for day in range(len(security) - time - 1, time - 1, -1) if is_good(day)]


def leetcode_2261(nums):
    scores = {i: nums[:i].count(0) + sum(nums[i:]) for i in range(len(nums) + 1)}
    return [i for i in reversed(scores) if scores[i] == max(scores.values())]


def leetcode_2270(nums):
    near = Counter(n + step for n in nums for step in (-1, 0, 1))
    return sorted((n for n in nums if near[n] == 1), reverse=True)


def leetcode_3285(height, threshold):
    return [i for i in range(len(height) - 1, 0, -1) if height[i - 1] > threshold]


def leetcode_3289(nums):
    return [n for n in sorted(set(nums), reverse=True) if nums.count(n) == 2]


def test_another_right_answer_is_accepted(checked, alternative):
    alternative.assert_accepted(checked)
