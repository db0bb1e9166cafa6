"""Problems whose canonical solution is wrong on legal inputs, as independent programs showed.

It passes the problem's own tests, so only answers to other inputs can tell.
"""

# (problem, method) -> what is wrong with it.
DOUBTFUL = {
    ("leetcode/1178", "isValidPalindrome"): "says no of one letter",
    ("leetcode/1428", "canReach"): "steps from an index that it has visited, by -1",
}
