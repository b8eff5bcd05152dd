"""One process that compares expressions; `workers.py` starts it as a script. It imports nothing of promptlab.

The process is the boundary of the sandbox. What a model wrote is read by math-verify's LaTeX grammar only (ANTLR).
Its reader of plain expressions is not used, because SymPy's parser behind it evaluates Python text; so does SymPy when
it makes a number of a text, which `exact_numbers` replaces. Should anything in those libraries evaluate text all the
same, start a program, open a connection or write a file, an audit hook refuses it.

Time (the processor's: a busy machine changes no grade) and memory are the kernel's to limit, since Python code cannot
interrupt one long multiplication. Where the system has no such limits (Windows; memory on macOS) what remains is the
wall clock of the process that waits.
"""

import json
import logging
import os
import signal
import sys
from typing import Any

_FORBIDDEN = ("os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.remove", "os.rename", "os.kill",
              "subprocess.", "socket.", "ctypes.", "shutil.")  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_WARM_UP = ((r"\frac{1}{2}+x", r"0.5+x"), (r"\{1,2\}", r"\{2,1\}"), ("y=2x", "2x=y"), ("(1,2]", "[1,2]"),
            (r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", r"\sqrt{2}"), ("(3,4]", r"3 < x \le 4"))  # fmt: skip


def read(latex: str) -> list[Any]:
    """The expression, in a list; empty where the grammar does not know it."""
    from math_verify import LatexExtractionConfig, parse

    only_latex = [LatexExtractionConfig(boxed_match_priority=0)]
    boxed = rf"\boxed{{{latex}}}"
    return parse(boxed, only_latex, fallback_mode="no_fallback", parsing_timeout=None, raise_on_error=True)


def compared(gold: str, said: str) -> str:
    """One word: equal, different, unreadable, or memory where there was too little."""
    from math_verify import verify
    from sympy import nan, zoo
    from sympy.core.cache import clear_cache
    from sympy.core.random import seed

    seed(0)  # SymPy tests some identities at random points,
    clear_cache()  # and a verdict must not depend on what was asked before
    try:
        expected, found = read(gold), read(said)
        if not expected or not found or any(each.has(nan, zoo) for each in found):  # zoo: something divided by zero
            return "unreadable"
        same = verify(expected, found, allow_set_relation_comp=True, timeout_seconds=None)  # 3 < x <= 4 is (3, 4]
        return "equal" if same else "different"
    except MemoryError:
        return "memory"
    except Exception:  # noqa: BLE001  three large libraries on hostile input: whatever they raise, it was not read
        return "unreadable"


def exact_numbers() -> None:
    """Decimals become fractions: nothing is evaluated, and 1.414214 is not the root of 2 (to 6 places it would be)."""
    from sympy import Number, Rational

    made = Number.__new__

    def new(cls: Any, *parts: Any) -> Any:
        return Rational(parts[0]) if cls is Number and isinstance(parts[0], str) else made(cls, *parts)

    Number.__new__ = new


def limit_memory(mebibytes: int) -> None:
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = mebibytes << 20
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard < 0 else min(wanted, hard), hard))


def limit_time(seconds: float) -> None:
    """The kernel ends this process after so many seconds of computing; 0 takes the limit back."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """The audit hook. PermissionError, because libraries expect that a file or program may be out of reach."""
    if event == "compile":  # of a text: eval and exec come through here
        source, file = arguments  # SymPy multiplies monomials by code that it makes of the number of variables alone
        of_sympy = isinstance(source, bytes) and source.startswith(b"def monomial_")
        refused = not of_sympy and str(file).startswith(("<string", "<lambdify"))
    elif event == "open":
        refused = isinstance(arguments[2], int) and bool(arguments[2] & _WRITING)
    else:
        refused = event.startswith(_FORBIDDEN)
    if refused:
        raise PermissionError(f"{event} while comparing expressions")


def main() -> None:
    seconds, mebibytes = float(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits
    sys.dont_write_bytecode = True
    logging.disable()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library might print is no verdict
    exact_numbers()
    for gold, said in _WARM_UP:  # what SymPy imports late is there before anything is forbidden
        compared(gold, said)
    limit_memory(mebibytes)
    sys.addaudithook(refuse)
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        number, gold, said = json.loads(line)
        limit_time(seconds)
        verdict = compared(gold, said)
        limit_time(0)
        print(number, verdict, file=answers, flush=True)


if __name__ == "__main__":
    main()
