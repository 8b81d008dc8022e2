"""Proof that the house rules see what they forbid, and let the rest be."""

import sys

from house_rules import RULES, broken_rules

TIME, SLEEP, TIMER = "only the Clock reads time", "only the Clock sleeps", "only the Clock has timers"
RANDOM, SOCKET = "only Entropy draws random numbers", "only the Connector opens sockets"
PRINT, ENVIRONMENT = "the library never prints", "the library never reads the environment"
OPERATORS, DETACHED = "no awaitable_operators", "every spawn has an owner: no detached"
UPWARDS, THIRD_PARTY = "no include by a path upwards", "public headers include only the standard library, Asio and each other"
ASIO, LATER, MACHINE = "no Asio below the net floor", "nothing left for later", "no path of somebody's machine"

# path, text, the rules that it breaks
CASES = [
    ("lib/model/x.cpp", "auto t = std::chrono::steady_clock::now();", [TIME]),
    ("lib/model/x.cpp", "auto t = std::chrono::steady_clock::\n    now();", []),  # a limit of reading by lines
    ("tests/x.cpp", "auto t = std::chrono::system_clock::now();", [TIME]),
    ("bench/x.cpp", "auto t = std::chrono::steady_clock::now();", []),
    ("lib/net/clock.cpp", "auto t = std::chrono::steady_clock::now();", []),
    ("lib/model/x.cpp", "std::chrono::steady_clock::time_point t = clock.now();", []),
    ("lib/model/x.cpp", "// not steady_clock::now(): that is the Clock's", []),
    ("lib/model/x.cpp", 'log("steady_clock::now");', []),
    ("tests/x.cpp", "std::this_thread::sleep_for(1ms);", [SLEEP]),
    ("tests/x.cpp", "sleep(1);", [SLEEP]),
    ("tests/x.cpp", "clock.sleep_for(1ms); clock->sleep(1ms);", []),
    ("lib/model/x.cpp", "asio::steady_timer timer(executor);", [TIMER]),
    ("examples/x.cpp", "asio::steady_timer timer(executor);", []),
    ("lib/flow/x.cpp", "std::random_device device;", [RANDOM]),
    ("lib/flow/x.cpp", "int r = rand();", [RANDOM]),
    ("lib/flow/x.cpp", "int r = brand();", []),
    ("lib/net/entropy.cpp", "std::random_device device;", []),
    ("lib/model/x.cpp", "asio::ip::tcp::socket socket(executor);", [SOCKET]),
    ("tools/sluice/x.cpp", "int fd = ::socket(AF_INET, SOCK_STREAM, 0);", [SOCKET]),
    ("lib/net/tcp_connection.cpp", "asio::ip::tcp::socket socket(executor);", []),
    ("adapters/x.cpp", "std::cerr << 1;", [PRINT]),
    ("tools/sluice/x.cpp", "std::cout << 1;", []),
    ("lib/net/x.cpp", 'auto proxy = std::getenv("HTTPS_PROXY");', [ENVIRONMENT]),
    ("lib/net/x.cpp", "using namespace asio::experimental::awaitable_operators;", [OPERATORS]),
    ("lib/net/x.cpp", "#include <asio/experimental/awaitable_operators.hpp>", [OPERATORS]),
    ("tests/x.cpp", "asio::co_spawn(context, run(), asio::detached);", [DETACHED]),
    ("examples/x.cpp", "asio::co_spawn(context, run(), asio::detached);", []),
    ("lib/net/x.cpp", '#include "../wire/sse.hpp"', [UPWARDS]),
    ("lib/net/x.cpp", '#include "wire/sse.hpp"', []),
    ("include/sluice/x.hpp", "#include <simdjson.h>", [THIRD_PARTY]),
    ("include/sluice/x.hpp", '#include "wire/sse.hpp"', [THIRD_PARTY]),
    ("include/sluice/x.hpp", "#include <asio/awaitable.hpp>\n#include <asio.hpp>\n#include <sluice/error.hpp>\n"
                             "#include <vector>", []),
    ("adapters/x.cpp", "#include <asio/awaitable.hpp>", [ASIO]),
    ("lib/net/x.cpp", "#include <asio/awaitable.hpp>", []),
    ("docs/x.md", "TO" + "DO: write this", [LATER]),
    ("docs/x.md", "Everything is done.", []),
    ("cmake/x.cmake", "set(root /ho" + "me/someone/sluice)", [MACHINE]),
    ("docs/x.md", "https://example.org/home/page and tests/work/x and ~/work/x", []),
]


def main():
    problems = []
    for path, text, wanted in CASES:
        found = sorted({name for _, name in broken_rules(path, text)})
        if found != sorted(wanted):
            problems.append(f"{path}: {text!r}: found {found}, not {wanted}")
    proved = {name for _, _, wanted in CASES for name in wanted}
    problems += [f"no case for: {rule.name}" for rule in RULES if rule.name not in proved]
    return problems


if __name__ == "__main__":
    found = main()
    print("\n".join(found) if found else "ok")
    sys.exit(1 if found else 0)
