"""A module's main as a command: what it shows, where the rest goes, how it fails."""

import re
import sys
import traceback
from collections.abc import Callable
from io import TextIOBase
from pathlib import Path
from typing import NoReturn

from projected_grpo.cli import Refusal
from projected_grpo.console import stream
from projected_grpo.console.capture import Capture
from projected_grpo.console.stream import CLEAR_LINE

# Shown of the log where a command fails.
LINES, COLUMNS = 20, 200
COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
HELP = {"-h", "--help"}
# Of the command that runs: what it captures, and its log.
_captures: list[Capture] = []
_paths: list[Path] = []


def command(main: Callable[[list[str]], object], to: TextIOBase = sys.stdout) -> None:
    """Runs main(arguments) as this process's command, which shows what it says and no more.

    What it and its children write to stdout and stderr goes into the file of `log_to`;
    verbose=true shows that too. Where it fails, the file's last lines and its path are shown and
    the status is not 0; a refusal is its one line. What main returns is printed to stdout at the
    end. to: the stream for all that it says before. Where another command handed its console on,
    that one captures.
    """
    verbose, arguments = _verbose(sys.argv[1:])
    if HELP & set(arguments):
        main(arguments)
        return
    if stream.attach():
        main(arguments)
        return
    capture = Capture(to, verbose)
    _captures.append(capture)
    result, failure = None, None
    try:
        result = main(arguments)
    except BaseException as error:
        failure = error
    if isinstance(failure, Exception):
        # into the log
        traceback.print_exception(failure)
    capture.end()
    if _is_refusal(failure):
        capture.discard()
    elif _paths and not capture.path:
        capture.open(_paths[-1])
    if isinstance(failure, Refusal) and failure.page:
        print(failure.page, flush=True)
    if failure and not _is_done(failure):
        _fail(failure, capture, verbose)
    if result is not None:
        print(result)


def log_to(path: Path) -> None:
    """Names the log file. It is there from now on where its folder is, else from the end on."""
    _paths.append(path)
    if _captures and path.parent.is_dir():
        _captures[-1].open(path)


def _verbose(words: list[str]) -> tuple[bool, list[str]]:
    chosen, others = "false", []
    for word in words:
        if word.startswith("verbose="):
            chosen = word.removeprefix("verbose=")
        else:
            others.append(word)
    if chosen not in ("true", "false"):
        raise Refusal(f"verbose={chosen}: choose true or false")
    return chosen == "true", others


def _is_refusal(failure: BaseException | None) -> bool:
    return isinstance(failure, SystemExit) and isinstance(failure.code, str)


def _is_done(failure: BaseException) -> bool:
    return isinstance(failure, SystemExit) and not failure.code


def _fail(failure: BaseException, capture: Capture, verbose: bool) -> NoReturn:
    """Ends the process: with the refusal's line, or the log's last lines and its path."""
    if _is_refusal(failure):
        raise failure
    # a process that died may have left a bar there
    lead = CLEAR_LINE if sys.stderr.isatty() else ""
    log = f"its log: {capture.path}" if capture.path else "it has no log yet, see verbose=true"
    if isinstance(failure, KeyboardInterrupt):
        status, what = 130, "interrupted"
    else:
        status = failure.code if isinstance(failure, SystemExit) else 1
        what = f"failed with status {status}"
    if status != 130 and not verbose:
        print(lead + _last_lines(capture.text()), file=sys.stderr)
        lead = ""
    print(f"{lead}projected_grpo: {what}; {log}", file=sys.stderr)
    raise SystemExit(status)


def _last_lines(text: str) -> str:
    lines = text.rstrip().split("\n")[-LINES:]
    return "\n".join(_as_drawn(line) for line in lines)


def _as_drawn(line: str) -> str:
    """A line without its colours and what was drawn over, indented, cut to COLUMNS."""
    last = COLOUR.sub("", line).rstrip("\r").rpartition("\r")[2]
    return "  " + (last if len(last) <= COLUMNS else f"{last[:COLUMNS]} ...")
