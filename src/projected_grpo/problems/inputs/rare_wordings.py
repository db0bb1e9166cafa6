"""Wordings of few statements each: members, counts, frequencies, neighbours."""

import math

from projected_grpo.problems.inputs import counts, graphs, links, orders, qualities, texts
from projected_grpo.problems.inputs.more_phrases import (
    connected_neighbours,
    frequency,
    linked,
    linked_both_ways,
    neighbours,
    on_all_of_lists,
    parity,
    permutation,
    rows_in_order,
    times,
    tree,
    without,
    zeros_and_ones,
)
from projected_grpo.problems.inputs.patterns import S
from projected_grpo.problems.inputs.phrases import (
    as_relation,
    distinct,
    either,
    on_edges,
    on_strings,
    on_subject,
)

OTHER = r"(?P<o>\w+)"
WHAT = r"(?P<what>-?\d+|'.'|\".\")"
IN = r"(?:in|of|on|inside)"
RARE = (
    (r"(?P<s>\w+) represents a valid (?:binary )?tree", tree),
    (r"(?P<s>\w+ and \w+) represent valid trees", tree),
    (r"the graph represented by (?P<s>\w+) is a tree", tree),
    (r"(?P<s>\w+) and (?P<o>\w+) are anagrams of each other", linked(links.PERMUTATION)),
    (r"each character occurs at most once in (?P<s>\w+)", on_subject(qualities.DISTINCT)),
    (r"(?P<k>\w+) divides (?P<s>[\w.]+)", as_relation("{s} % {k} == 0")),
    (r"(?P<s>[\w, ]+) consist only of 0 and 1", zeros_and_ones),
    (rf"{S} == (?P<what>.+ or .+)", either),
    (
        rf"(?:the )?(?:length of )?{S} (?:is|are) (?:an )?(?P<parity>even|odd)"
        rf"(?: integers?| numbers?)?",
        parity,
    ),
    (rf"{S} consists of distinct integers from 0 to .+", on_subject(orders.permuted_cells(0))),
    (r"(?:the )?(?P<s>\w+) are non-overlapping", on_subject(orders.NO_OVERLAP)),
    (r"all (?P<s>\w+)\[\w\]\.length are equal", on_subject(qualities.RECTANGULAR_WORDS)),
    (rf"{S} (?:is|are) (?:a )?prime(?: numbers?)?", on_subject(qualities.PRIME)),
    (rf"{S} begins with a capital letter and has no other", on_subject(texts.CAPITALISED)),
    (r"there is only one space between 2 words", on_strings(texts.SINGLE_BLANKS)),
    (r"the input graph is always connected", connected_neighbours),
    # One parameter and another.
    (
        rf"{S} (?:is|are|exists?|occurs?)(?: present| an integer| an element)? (?:in|from) "
        rf"(?:the )?(?:array |list )?{OTHER}",
        linked(links.MEMBER),
    ),
    (rf"{S} (?:equals|is equal) to an element (?:of|in) {OTHER}", linked(links.MEMBER)),
    (rf"(?:each )?{S} (?:occurs|appears) at least once in {OTHER}", linked(links.MEMBER)),
    (
        rf"{S} (?:will not be|is not|are not)(?: present)? in (?:the )?(?:list |array )?{OTHER}",
        linked(links.NO_MEMBER),
    ),
    (rf"{S} is (?:a permutation|an anagram) of {OTHER}", linked(links.PERMUTATION)),
    (rf"{S} is a subsequence of {OTHER}", linked(links.SUBSEQUENCE)),
    (rf"{S} is a substring of {OTHER}", linked(links.SUBSTRING)),
    (
        rf"no (?:word|value|element|integer) is present in both {S} and {OTHER}",
        linked_both_ways(links.DISJOINT),
    ),
    # Counts.
    (
        rf"there (?:is|are|will be|exists) at least one (?:cell with )?{WHAT} {IN} (?:the )?{S}",
        times(1, math.inf),
    ),
    (
        rf"there (?:is|are|will be|exists) exactly one (?:cell with )?{WHAT} {IN} (?:the )?{S}",
        times(1, 1),
    ),
    (rf"{S} (?:has|contains) exactly one {WHAT}", times(1, 1)),
    (rf"{S} (?:has|contains) at least one {WHAT}", times(1, math.inf)),
    (
        rf"the number of {WHAT}(?:'s|s)? {IN} (?:the )?{S} is in the range \[(?P<low>\d+), "
        rf"(?P<high>\d+)\]",
        times(0, 0),
    ),
    (rf"{S} (?:does|do) not contain {WHAT}(?: as one of its digits)?", without),
    (
        r"each (?:element|integer) in (?:the array|(?P<s>\w+)) (?:appears|will appear) "
        r"(?:exactly )?twice,? except for one element which appears(?: only)? once",
        frequency(2, 1),
    ),
    (
        r"each element in (?P<s>\w+) appears exactly three times"
        r" except for one element which appears once",
        frequency(3, 1),
    ),
    (
        r"each integer in (?P<s>\w+) will appear twice, only two integers will appear once",
        frequency(2, 2),
    ),
    (rf"the largest element in {S} is unique", on_subject(counts.UNIQUE_LARGEST)),
    (rf"half of the integers in {S} are even", on_subject(counts.HALF_EVEN)),
    (
        rf"{S} consists of equal number of positive and negative integers",
        on_subject(counts.HALF_POSITIVE),
    ),
    (rf"{S} has at least one repeated letter", on_subject(counts.HAS_A_REPEAT)),
    (
        r"no letter occurs more than once in (?:any string of )?(?P<s>.+)",
        on_subject(qualities.DISTINCT),
    ),
    (
        rf"(?:each )?{S} (?:contains no|does not contain any|does not contain) "
        rf"(?:duplicates?|repeated|duplicate)(?: point| points| characters| elements| values)?",
        distinct,
    ),
    (
        r"(?:all )?(?:the )?(?:start point|starti)(?: of each interval)? is unique",
        on_all_of_lists(qualities.distinct_by(0)),
    ),
    (r"no two stones are at the same coordinate point", on_all_of_lists(qualities.DISTINCT)),
    (
        r"(?:all )?the pairs (?:of )?\((?:ui, vi)\) are unique\. .*",
        on_edges(qualities.DISTINCT_ARCS),
    ),
    (
        r"there will not be any multiple flights between two cities",
        on_edges(qualities.DISTINCT_ARCS),
    ),
    (r"no two computers are connected by more than one cable", on_edges(qualities.DISTINCT_EDGES)),
    (
        r"the given input is a tree and there will be no repeated edges",
        on_edges(graphs.TREE),
    ),
    (rf"{S} (?:are|is)(?: both)? (?:a )?permutations?(?: of n integers)?", permutation),
    (rf"{S} does not contain (?:i|u|v)", neighbours),
    (
        r"if (?P<s>graph|friends)\[(\w)\] contains (\w), then (?:graph|friends)\[\3\] contains \2",
        neighbours,
    ),
    (rf"{S} (?:is|are) guaranteed to be a mountain array", on_subject(orders.MOUNTAIN)),
    (rf"{S} is a mountain array", on_subject(orders.MOUNTAIN)),
    (rf"{S} is sorted and rotated between 1 and n times", on_subject(orders.rotated(False))),
    (
        rf"{S} is (?:an ascending array that is possibly rotated|rotated at some pivot)",
        on_subject(orders.rotated(False)),
    ),
    (r"all the integers in each (?:row|column) are sorted in ascending order", rows_in_order),
    (
        r"all the rows and columns of matrix are "
        r"(?:guaranteed to be )?sorted in non-decreasing order",
        rows_in_order,
    ),
    (r"no two adjacent cells are equal", on_all_of_lists(qualities.NO_EQUAL_CELLS)),
    (
        r"all (?:the )?(?:strings|words)(?: in words)? (?:are of|have) the same length",
        on_all_of_lists(qualities.RECTANGULAR_WORDS),
    ),
    (rf"(?:all )?{S} are of the same length", on_subject(qualities.RECTANGULAR_WORDS)),
    # Texts.
    (
        rf"{S} (?:does|do|will) not (?:contain|have) any leading (?:zeros?|0's)",
        on_subject(texts.NO_LEADING_ZEROS),
    ),
    (
        r"each string does not contain leading zeros except for the zero itself",
        on_strings(texts.NO_LEADING_ZEROS),
    ),
    (rf"{S} contains no leading or trailing spaces", on_subject(texts.NO_OUTER_BLANKS)),
    (rf"there is a single space between consecutive words of {S}", on_subject(texts.SINGLE_BLANKS)),
    (
        r"every two consecutive words .* separated by exactly one space",
        on_strings(texts.SINGLE_BLANKS),
    ),
    (
        r"(?P<s>\w+) consists of words separated by a single space"
        r" without any leading or trailing spaces",
        on_subject(texts.SINGLE_BLANKS),
    ),
    (r"(?P<s>\w+) consists? of words separated by a single space", on_subject(texts.SINGLE_BLANKS)),
    (rf"(?:parentheses expression )?{S} is a VPS", on_subject(texts.BALANCED)),
    (r"all parentheses are balanced", on_strings(texts.BALANCED)),
    (
        rf"(?:all )?(?:the )?words in {S} are separated by a single space",
        on_subject(texts.SINGLE_BLANKS),
    ),
)
