"""What a reader may rely on everywhere, and grep can prove: the seams, the bans, the includes."""

import re
import sys
from typing import NamedTuple

import sources
from cpp_tokens import tokens

LIBRARY = ("include/", "lib/", "adapters/")
SHIPPED = LIBRARY + ("tools/",)
SEAMS = ("lib/net/", "lib/testing/", "include/sluice/testing/")  # where the world is touched, and where it is simulated


class Rule(NamedTuple):
    name: str
    pattern: str
    of: str = "code"  # what the pattern is held against: "code", "directive" or "text" (the whole file)
    within: tuple = ("",)  # prefixes of the paths where it holds
    outside: tuple = ()  # and of those where it does not


RULES = [
    Rule("only the Clock reads time",
         r"\b(steady_clock|system_clock|high_resolution_clock) ?:: ?now\b|\b(clock_gettime|gettimeofday|timespec_get)\b",
         outside=SEAMS + ("tests/net/", "bench/", "examples/")),
    Rule("only the Clock sleeps",
         r"\bthis_thread ?:: ?sleep|\b(usleep|nanosleep)\b|(?<!\. )(?<!-> )\bsleep \(", outside=SEAMS),
    Rule("only the Clock has timers", r"\b(steady_timer|system_timer|high_resolution_timer|deadline_timer)\b",
         within=SHIPPED, outside=SEAMS),
    Rule("only Entropy draws random numbers",
         r"\b(random_device|getrandom|arc4random|RAND_bytes|srand|drand48)\b|\brand \(", outside=SEAMS),
    Rule("only the Connector opens sockets",
         r"\bip ?:: ?tcp ?:: ?(socket|acceptor|resolver)\b|\basync_connect\b|\bgetaddrinfo\b|:: (socket|connect) \(",
         within=SHIPPED, outside=SEAMS + ("tools/sluice/service_manager.cpp",)),  # sd_notify, which is no network
    Rule("the library never prints", r"\bstd ?:: ?(cout|cerr|clog)\b|\b(printf|fprintf|puts|fputs|perror)\b",
         within=LIBRARY),
    Rule("the library never reads the environment", r"\b(secure_)?getenv\b", within=LIBRARY,
         outside=("lib/model/env.cpp",  # env_or(), which reads what its caller names
                  "lib/gateway/secrets.cpp")),  # process_environment(), which is passed by whoever wants it
    # `||` swallows errors and drops bytes on Asio 1.22; an example may wait for several streams with `&&`.
    Rule("no awaitable_operators", r"\bawaitable_operators\b", outside=("examples/",)),
    Rule("no awaitable_operators", r"awaitable_operators", of="directive", outside=("examples/",)),
    Rule("every spawn has an owner: no detached", r"\bdetached\b", outside=("examples/",)),
    Rule("no include by a path upwards", r'#\s*include\s*"[^"]*\.\./', of="directive"),
    Rule("public headers include only the standard library, Asio and each other",
         r'#\s*include\b(?!\s*(<sluice/|<asio[./]|<\w+>))', of="directive", within=("include/",)),
    Rule("no Asio below the net floor", r"#\s*include\s*<asio", of="directive",
         within=("lib/core/", "lib/wire/", "lib/flow/", "adapters/", "tests/fuzz/")),
    Rule("nothing left for later", r"\b(TODO|FIXME|XXX|HACK)\b", of="text"),
    Rule("no path of somebody's machine", r"(?<![\w.$}~/-])/(work|home|root|Users)/\w", of="text"),
]

CPP = (".cpp", ".hpp")
TEXT_OUTSIDE = ("tests/lint/house_rules.py",)  # names what it forbids


def broken_rules(path, text, rules=RULES):
    """(line, rule) for everything in a file that breaks a rule."""
    found = set()
    lines = None
    for rule in rules:
        if not path.startswith(rule.within) or (rule.outside and path.startswith(rule.outside)):
            continue
        pattern = re.compile(rule.pattern)
        if rule.of == "text":
            if path not in TEXT_OUTSIDE:
                found.update((text.count("\n", 0, match.start()) + 1, rule.name) for match in pattern.finditer(text))
        elif path.endswith(CPP):
            lines = lines or _lines(text)
            found.update((line, rule.name) for kind, line, content in lines
                         if kind == rule.of and pattern.search(content))
    return sorted(found)


def _lines(text):
    """(kind, line, content): directives and comments as they stand, code as its tokens with single spaces, literals empty."""
    found, code = [], {}
    for token in tokens(text):
        if token.kind in ("comment", "directive"):
            found.append((token.kind, token.line, token.text))
        else:
            code.setdefault(token.line, []).append('""' if token.kind == "literal" else token.text)
    return found + [("code", line, " ".join(words)) for line, words in code.items()]


def check_repository():
    """{rule name: problems}, with an entry for every rule."""
    problems = {rule.name: [] for rule in RULES}
    for path in sources.files():
        for line, name in broken_rules(path, sources.read(path)):
            problems[name].append(f"{path}:{line}: {name}")
    return problems


if __name__ == "__main__":
    found = [problem for problems in check_repository().values() for problem in problems]
    print("\n".join(found) if found else "ok")
    sys.exit(1 if found else 0)
