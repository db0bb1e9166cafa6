"""A refusal in one line."""


class Refusal(SystemExit):
    """Bad input, answered in one line that says what is wrong and what to do.

    Left uncaught, Python prints the line to stderr and exits with status 1, without a traceback.
    page: what the command takes, where it was called without a word.
    """

    def __init__(self, line: str, page: str = "") -> None:
        super().__init__(f"projected_grpo: {line}")
        self.page = page
