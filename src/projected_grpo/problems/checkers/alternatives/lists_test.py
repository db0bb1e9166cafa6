"""Programs that find another right list, or number, than the expected one."""

from collections import Counter, defaultdict
from fractions import Fraction
from itertools import chain, product
from statistics import median


def leetcode_1(nums, target):
    seen = {}
    for i, number in enumerate(nums):
        if target - number in seen:
            return [i, seen[target - number]]
        seen[number] = i


def leetcode_89(n):
    codes = [i ^ (i >> 1) for i in range(2**n)]
    return [int(f"{code:0{n}b}"[::-1], 2) for code in codes]


def leetcode_347(nums, k):
    return [number for number, _ in Counter(nums).most_common(k)][::-1]


def leetcode_373(nums1, nums2, k):
    return sorted(([u, v] for u in nums1 for v in nums2), key=lambda p: (sum(p), -p[0]))[:k][::-1]


def leetcode_480(nums, k):
    return [float(median(nums[i : i + k])) * (1 + 1e-7) for i in range(len(nums) - k + 1)]


def leetcode_667(n, k):
    low, high = 1, k + 1
    zigzag = []
    while low <= high:
        zigzag += [low, high] if low < high else [low]
        low, high = low + 1, high - 1
    return [n + 1 - number for number in [*zigzag, *range(k + 2, n + 1)]]


def leetcode_901(nums1, nums2):
    left, answer, losers = sorted(nums1), {}, []
    for i in sorted(range(len(nums2)), key=lambda i: nums2[i]):
        better = next((n for n in left if n > nums2[i]), None)
        if better is None:
            losers.append(i)
        else:
            left.remove(better)
            answer[i] = better
    answer |= dict(zip(losers, left))
    return [answer[i] for i in range(len(nums2))]


def leetcode_924(aliceSizes, bobSizes):
    step = (sum(bobSizes) - sum(aliceSizes)) // 2
    return next([x, x + step] for x in reversed(aliceSizes) if x + step in bobSizes)


def leetcode_958(nums):
    odd = sorted((n for n in nums if n % 2), reverse=True)
    even = sorted((n for n in nums if n % 2 == 0), reverse=True)
    return list(chain(*zip(even, odd)))


def leetcode_979(s):
    low, high = 0, len(s)
    found = []
    for turn in reversed(s):
        found.append(high if turn == "I" else low)
        low, high = (low, high - 1) if turn == "I" else (low + 1, high)
    return [*found, low][::-1]


def leetcode_1014(points, k):
    return sorted(points, key=lambda p: p[0] ** 2 + p[1] ** 2)[:k][::-1]


def leetcode_1359(n, start):
    return [start ^ code for code in leetcode_89(n)]


def leetcode_1440(n):
    return next([n - b, b] for b in range(1, n) if "0" not in f"{b}{n - b}")


def leetcode_1552(target, n):
    operations, before = [], 0
    for number in target:
        missing = number - before - 1
        operations += ["Push"] * missing + ["Pop"] * missing + ["Push"]
        before = number
    return operations


def leetcode_1612(rains):
    dried, dry_days, rained = [-1] * len(rains), [], {}
    for day, lake in enumerate(rains):
        if lake == 0:
            dry_days.append(day)
            dried[day] = 10**9
        elif lake in rained:
            useful = [d for d in dry_days if d > rained[lake]]
            if not useful:
                return []
            dried[useful[0]] = lake
            dry_days.remove(useful[0])
        if lake:
            rained[lake] = day
    return dried


def leetcode_1803(customers):
    free, waited = 0, Fraction(0)
    for arrival, needed in customers:
        free = max(free, arrival) + needed
        waited += Fraction(free - arrival, len(customers))
    return round(float(waited), 6) + 1e-6


def leetcode_1866(adjacentPairs):
    beside = defaultdict(list)
    for a, b in adjacentPairs:
        beside[a].append(b)
        beside[b].append(a)
    path = [max(end for end in beside if len(beside[end]) == 1)]
    while len(path) <= len(adjacentPairs):
        path += [n for n in beside[path[-1]] if n not in path[-2:]]
    return path


def leetcode_2241(nums):
    for high in sorted(set(nums), reverse=True):
        k2, left, found = high - min(nums), Counter(nums), []
        for number in sorted(nums):
            if left[number] and left[number + k2] and k2 > 0 and k2 % 2 == 0:
                left -= Counter([number, number + k2])
                found.append(number + k2 // 2)
        if not left:
            return found


def leetcode_2318(numArrows, aliceArrows):
    def won(sections):
        return sum(sections) if sum(aliceArrows[i] + 1 for i in sections) <= numArrows else -1

    chosen = product([True, False], repeat=12)
    best = max(([i for i in range(12) if taken[i]] for taken in chosen), key=won)
    arrows = [aliceArrows[i] + 1 if i in best else 0 for i in range(12)]
    arrows[best[-1]] += numArrows - sum(arrows)
    return arrows


def leetcode_2419(nums, threshold):
    for k in range(len(nums), 0, -1):
        if any(min(nums[i : i + k]) * k > threshold for i in range(len(nums) - k + 1)):
            return k
    return -1


def leetcode_2556(celsius):
    return [round(celsius + 273.15, 2) + 1e-6, round(celsius * 9 / 5 + 32, 3) - 1e-6]


# Calls with more than one right answer, where the problem's own have one.
MORE = {
    "leetcode/901": "nums1 = [1, 2, 9], nums2 = [5, 6, 7]",
    "leetcode/1552": "target = [3], n = 3",
    "leetcode/1612": "rains = [1, 0, 0, 2]",
    "leetcode/2318": "numArrows = 100, aliceArrows = [3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3]",
}


def test_another_right_answer_is_accepted(checked, alternative):
    alternative.assert_accepted(checked)
