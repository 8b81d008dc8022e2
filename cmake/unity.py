"""Writes files that compile several sources as one translation unit: `unity.py [--wrap] <directory> <sources...>`.

Prints what to compile in place of the sources: the written files, and the sources that stay alone, a line each.

Sources share a unit only if no name that one of them keeps to itself (in an unnamed namespace, as a static, a macro) is spelt by another,
so that each still means what it means alone. Tests name their helpers alike, so --wrap gives each a namespace of its own, after all that
they include; those that open a namespace of the library cannot be wrapped and keep to the first rule.

The order of the sources decides, so that a change in one file moves few others. A unit that does not compile is no harm: `./dev test` then
builds that preset without units.
"""

import os
import re
import sys
from pathlib import Path

NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
TOKEN = re.compile(r"^[ \t]*#[ \t]*(?:define[ \t]+(?P<macro>\w+))?(?:[^\n]*\\\n)*[^\n]*|[A-Za-z_]\w*|::|->|[^\s\w]", re.MULTILINE)
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*([<\"][^>\"]+[>\"])", re.MULTILINE)
KEYWORDS = frozenset(
    """alignas auto bool break case catch char class co_await co_return co_yield const constexpr continue decltype default delete do double
    else enum explicit extern false final float for friend if inline int long mutable namespace new noexcept nullptr operator override private
    protected public requires return short signed sizeof static static_assert static_cast std string struct switch template this throw true
    try typename union unsigned using virtual void volatile while size_t uint8_t uint16_t uint32_t uint64_t int64_t""".split()
)

# A unit saves more the more it holds, but the last one to compile keeps a core waiting.
MOST_LINES = 1600


class Source:
    """The names that a file declares for itself alone, all that it spells without saying whose they are, and what it opens."""

    def __init__(self, path, wrap):
        self.path = Path(path)
        text = self.path.read_text(encoding="utf-8")
        self.lines = text.count("\n")
        self.includes = INCLUDE.findall(text)
        tokens = []
        self.own = set()
        self.macros = set()
        self.opened = set()
        self.extends = False  # a namespace or a template of others
        for match in TOKEN.finditer(NOISE.sub(" 0 ", text)):
            if match["macro"]:
                self.macros.add(match["macro"])
            elif not match[0].lstrip().startswith("#"):
                tokens.append(match[0])
        self.spelt = {
            token
            for before, token in zip([""] + tokens, tokens)
            if (token[0].isalpha() or token[0] == "_") and before not in (".", "->", "::")
        } - KEYWORDS
        self._declarations(tokens)
        self.wrapped = wrap and not self.extends
        if self.wrapped:
            self.own, self.opened = set(), set()
        self.own |= self.macros

    def _declarations(self, tokens):
        scopes = []  # of the braces that are open: "named" or "unnamed" namespaces, or "body"
        statement = []
        for token in tokens:
            if token == "{":
                if "body" not in scopes:
                    self._declared(statement, "unnamed" in scopes)
                scopes.append(self._kind(statement) if "body" not in scopes else "body")
                if scopes[-1] != "body":
                    self.extends = self.extends or scopes[-1] == "named"
                    statement = []
            elif token == "}" and scopes:
                if scopes.pop() != "body" or "body" not in scopes:
                    statement = []
            elif "body" in scopes:
                continue
            elif token == ";":
                self._declared(statement, "unnamed" in scopes)
                statement = []
            else:
                statement.append(token)

    @staticmethod
    def _kind(statement):
        if "namespace" not in statement[:2]:
            return "body"
        return "unnamed" if statement[-1] == "namespace" else "named"

    def _declared(self, statement, alone):
        if statement[:2] == ["using", "namespace"]:
            self.opened.add("".join(statement[2:]))
            return
        if statement[:3] == ["template", "<", ">"] or "BOOST_TEST_DONT_PRINT_LOG_VALUE" in statement:
            self.extends = True
        while statement and statement[0].startswith("BOOST_"):  # BOOST_AUTO_TEST_CASE(name, decorators...)
            self.own.update(statement[2:3])
            close = statement.index(")") + 1 if ")" in statement else len(statement)
            statement = statement[close:]
        if not statement or not (alone or statement[0] in ("static", "constexpr", "const", "using", "namespace")):
            return
        if statement[0] == "namespace" and "=" not in statement:
            return
        if statement[0] == "template":
            depth = 0
            for at, token in enumerate(statement):
                depth += (token == "<") - (token == ">")
                if depth == 0 and at > 0:
                    statement = statement[at + 1 :]
                    break
        for keyword in ("struct", "class", "enum", "union"):
            if keyword in statement[:2]:
                names = [t for t in statement[statement.index(keyword) + 1 :] if t.isidentifier() and t not in KEYWORDS]
                self.own.update(names[:1])
                return
        for at, token in enumerate(statement):
            if token in ("(", "=", "[") and at and statement[at - 1].isidentifier():
                self.own.add(statement[at - 1])
                return
        if statement[-1].isidentifier():
            self.own.add(statement[-1])

    def may_join(self, other):
        return (
            self.wrapped == other.wrapped
            and self.opened == other.opened
            and not (self.own & other.spelt)
            and not (other.own & self.spelt)
        )


def grouped(sources):
    groups = []
    for source in sources:
        for group in groups:
            if sum(other.lines for other in group) + source.lines <= MOST_LINES and all(source.may_join(other) for other in group):
                group.append(source)
                break
        else:
            groups.append([source])
    return groups


def text_of(group, directory):
    """Paths are relative, so that clones share a compiler cache."""
    lines = []
    for source in group:
        if source.wrapped:
            for include in source.includes:
                beside = source.path.parent / include.strip('"')
                lines.append(f'"{os.path.relpath(beside, directory)}"' if include[0] == '"' and beside.exists() else include)
    lines = [f"#include {include}" for include in dict.fromkeys(lines)]
    for source in group:
        include = f'#include "{os.path.relpath(source.path, directory)}"'
        lines += [f"namespace unit_{source.path.stem} {{", include, "}"] if source.wrapped else [include]
    return "\n".join(lines) + "\n"


def same_in_two_headers(folders):
    """A name that two headers of these folders give to different things: tests that differ in it cannot be one program."""
    homes = {}
    for header in sorted(header for folder in folders for header in folder.glob("*.hpp")):
        namespace = ""
        for line in header.read_text(encoding="utf-8").splitlines():
            if opened := re.match(r"namespace ([\w:]+) \{", line):
                namespace = opened[1]
            elif named := re.match(r"(?:struct|class) (\w+)|inline [^(]*?(\w+)\(", line):
                name = f"{namespace}::{named[1] or named[2]}"
                if homes.setdefault(name, header) != header:
                    return f"{homes[name]} and {header} both define {name}"
    return None


def main():
    arguments = sys.argv[1:]
    wrap = arguments[0] == "--wrap"
    directory, *paths = arguments[wrap:]
    if wrap and (twice := same_in_two_headers({Path(path).parent for path in paths})):
        sys.exit(twice)
    Path(directory).mkdir(parents=True, exist_ok=True)
    for number, group in enumerate(grouped(Source(path, wrap) for path in paths)):
        if len(group) == 1:
            print(group[0].path)
            continue
        unit = Path(directory) / f"unit_{number}.cpp"
        text = text_of(group, directory)
        if not unit.exists() or unit.read_text(encoding="utf-8") != text:
            unit.write_text(text, encoding="utf-8")
        print(unit)


if __name__ == "__main__":
    main()
