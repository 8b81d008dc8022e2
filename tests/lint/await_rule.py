"""The await rule (docs/await-rule.md), checked on tokens: a second for the whole repository, no compiler.

    await_rule.py                     checks every C++ file, and the C++ blocks of every Markdown page
    await_rule.py FILE...             checks these
    await_rule.py --annotated FILE... each line of these must break exactly the rules that its comment names: `// R2 R4`

`./dev lint` also asks clang's syntax tree (await_rule_deep.py), which sees through names but takes minutes.
"""

import pathlib
import re
import sys

import sources
from cpp_tokens import code, tokens

RULES = {
    "R1": "co_await stands as a whole statement, after co_return, or as the sole initialiser of a named variable",
    "R2": "no braces around or inside what is awaited: build the value in a statement of its own",
    "R3": "no lambda with by-value captures inside what is awaited: name it first, or pass parameters",
    "R4": "no ?: in a statement that awaits: use if",
    "R5": "no co_await in a condition, except to initialise a variable declared there",
}

AWAITS = {"co_await", "co_yield"}
CONTROLS = {"if", "while", "for", "switch"}
OPENERS = {"(": ")", "[": "]", "{": "}"}
BINARY = {"+", "-", "/", "%", "|", "^", "||", "==", "!=", "<=", "<=>", "<<", "=", "+=", "-=", "*=", "/=", "%=", "&=", "|=",
          "^=", "<<=", ","}
BINARY_OR_UNARY = {"*", "&", "&&"}
BLOCK_WORDS = {"else", "do", "try", "const", "noexcept", "override", "final", "mutable"}
SCOPE_WORDS = {"namespace", "class", "struct", "union", "enum", "extern", "concept", "requires"}


class Source:
    """Tokens with their bracket structure: what encloses each, where each bracket ends, which braces are blocks."""

    def __init__(self, code_tokens):
        self.text = [token.text for token in code_tokens]
        self.kind = [token.kind for token in code_tokens]
        self.line = [token.line for token in code_tokens]
        self.match, self.encloser = {}, []
        open_now = []
        for i, text in enumerate(self.text):
            if text in OPENERS.values() and open_now:
                opener = open_now.pop()
                self.match[opener], self.match[i] = i, opener
            self.encloser.append(open_now[-1] if open_now else None)
            if text in OPENERS:
                open_now.append(i)
        for opener in open_now:  # unbalanced: an excerpt
            self.match[opener] = len(self.text)
        self.lambda_bodies = {}  # opening brace -> opening bracket of the captures
        for i, text in enumerate(self.text):
            if text == "[" and self._opens_lambda(i):
                body = self._lambda_body(i)
                if body is not None:
                    self.lambda_bodies[body] = i

    def _opens_lambda(self, i):
        if i == 0:
            return True
        before = self.text[i - 1]
        if before in ("return", "co_return", "co_await", "co_yield"):
            return True
        return self.kind[i - 1] == "sign" and before not in (")", "]", ">", "[") and \
            not (i + 1 < len(self.text) and self.text[i + 1] == "[")

    def _lambda_body(self, bracket):
        i = self.match[bracket] + 1
        while i < len(self.text) and self.text[i] not in ("{", ";", ")", ",", "}"):
            i = self.match[i] + 1 if self.text[i] in ("(", "[") else i + 1
        return i if i < len(self.text) and self.text[i] == "{" else None

    def is_block(self, brace):
        """Whether a `{` opens statements or declarations, rather than an initialiser."""
        if brace in self.lambda_bodies or brace == 0:
            return True
        before, kind = self.text[brace - 1], self.kind[brace - 1]
        if before == "{":
            return self.is_block(brace - 1)
        if before in (")", ";", "}", ":") or before in BLOCK_WORDS or kind == "literal":
            return True
        if kind == "word" or before in (">", "*", "&"):
            head = self.text[self.statement(brace):brace]
            return bool(SCOPE_WORDS & set(head)) or any(a == "->" and b in (")", "noexcept", "const")
                                                        for b, a in zip(head, head[1:]))
        return False

    def statement(self, i):
        """Index of the first token of the statement, or of the bracketed part of it, in which token i stands."""
        j = i - 1
        while j >= 0:
            text = self.text[j]
            if text in OPENERS or text in (";", "}"):
                break
            j = self.match[j] - 1 if text in (")", "]") and j in self.match else j - 1
        start = j + 1
        while start < i:  # leave behind the heads that may precede a statement
            head = self.text[start]
            if head in ("else", "do", "constexpr"):
                start += 1
            elif head in CONTROLS:
                start += 2 if self.text[start + 1] == "constexpr" else 1
                if self.text[start] == "(" and self.match.get(start, i) < i:
                    start = self.match[start] + 1
            elif head in ("case", "default") and ":" in self.text[start:i]:
                start = self.text.index(":", start) + 1
            elif head not in ("public", "::") and start + 1 < i and self.text[start + 1] == ":":
                start += 2  # a label, or private:
            else:
                break
        return start


def broken_rules(code_tokens):
    """(line, rule) for each await that breaks a rule."""
    source = Source(code_tokens)
    found = set()
    for i, text in enumerate(source.text):
        if text in AWAITS:
            found.update((source.line[i], rule) for rule in _place(source, i))
            found.update((source.line[i], rule) for rule in _operand(source, i))
    return sorted(found)


def _place(source, i):
    start = source.statement(i)
    prefix = source.text[start:i]
    if "?" in prefix:
        return ["R4"]
    encloser = source.encloser[i]
    bracket = source.text[encloser] if encloser is not None else "{"
    declares = _declares(prefix)

    if bracket == "(":
        control = source.text[encloser - 1] if encloser else ""
        if control == "constexpr":
            control = source.text[encloser - 2]
        if control not in CONTROLS or ":" in prefix:  # an argument, or what a range-for goes through
            return ["R1"]
        return [] if declares else ["R5"]
    if bracket == "{" and encloser is not None and not source.is_block(encloser):
        return ["R2"]
    if bracket == "{" and (declares or prefix in ([], ["co_return"], ["(", "void", ")"])):
        return []
    return ["R1"]


def _declares(prefix):
    """Whether this is `type name =` or `auto [a, b] =`."""
    if not prefix or prefix[-1] != "=":
        return False
    declaration = re.sub(r"\bdecltype \( .* \)", "decltype", " ".join(prefix[:-1]))
    plain = None
    while plain != declaration:
        plain, declaration = declaration, re.sub(r" < [^<>]* >", "", declaration)
    binding = r"(const )?auto( &&?)?( const)? \[ \w+( , \w+)* \]"
    variable = r"(\w+ )*(:: )?\w+( :: \w+)*( const)?( [*&]| &&| const)* (?!const)\w+"
    return re.fullmatch(f"({binding})|({variable})", declaration) is not None


def _operand(source, i):
    encloser = source.encloser[i]
    end = source.match[encloser] if encloser is not None else len(source.text)
    in_statement = encloser is None or source.text[encloser] == "{" and source.is_block(encloser)
    broken = []
    j = i + 1
    while j < end:
        text = source.text[j]
        outermost = source.encloser[j] == encloser
        if outermost and (text == ";" or (text == "," and not in_statement)):
            break
        if text == "<" and source.kind[j - 1] == "word":
            j = _template_end(source, j)
            continue
        if text == "{":
            if j in source.lambda_bodies:  # its statements are judged for themselves
                j = source.match[j] + 1
                continue
            broken.append("R2")
        elif text == "[" and source._opens_lambda(j) and _captures_values(source.text[j + 1:source.match[j]]):
            broken.append("R3")
        elif text == "?":
            broken.append("R4")
        elif outermost and j > i + 1 and (text in BINARY or (
                text in BINARY_OR_UNARY and (source.kind[j - 1] == "word" or source.text[j - 1] in (")", "]")))):
            broken.append("R1")
        j += 1
    return broken


def _template_end(source, i):
    """Index after the template arguments that `<` opens; after the `<` itself if it compares."""
    depth = 0
    for j in range(i, len(source.text)):
        text = source.text[j]
        depth += (text == "<") - (text == ">")
        if depth == 0:
            return j + 1
        if source.kind[j] == "sign" and text not in ("<", ">", "::", ",", "*", "&", "&&"):
            break
    return i + 1


def _captures_values(captures):
    depth, item, items = 0, [], []
    for text in captures:
        depth += (text in OPENERS) - (text in OPENERS.values())
        if text == "," and depth == 0:
            items.append(item)
            item = []
        else:
            item.append(text)
    items.append(item)
    return any(item and item[0] != "&" and item != ["this"] for item in items)


def cpp_blocks(markdown):
    """(first line, text, whether it is there as a bad example) of each ```cpp block; a bad one opens with ```cpp wrong."""
    for block in re.finditer(r"^```cpp([^\n]*)\n(.*?)^```", markdown, re.MULTILINE | re.DOTALL):
        yield markdown.count("\n", 0, block.start(2)) + 1, block.group(2), "wrong" in block.group(1)


def check(path, text, first_line=1):
    return [f"{path}:{line}: {rule}: {RULES[rule]}" for line, rule in broken_rules(code(text, first_line))]


def check_repository():
    problems = []
    for path in sources.cpp_files():
        problems += check(path, sources.read(path))
    for path in sources.files(".md"):
        for first, text, wrong in cpp_blocks(sources.read(path)):
            broken = check(path, text, first)
            if not wrong:
                problems += broken
            elif not broken:
                problems.append(f"{path}:{first}: shown as wrong, but breaks no rule")
    return problems


def expected(text):
    """(line, rule) as the comments say."""
    return sorted((token.line, rule) for token in tokens(text) if token.kind == "comment"
                  for rule in re.findall(r"\bR\d\b", token.text))


def check_annotated(paths):
    problems = []
    for path in paths:
        text = sources.read(path)
        found, wanted = broken_rules(code(text)), expected(text)
        problems += [f"{path}:{line}: {rule} not found" for line, rule in wanted if (line, rule) not in found]
        problems += [f"{path}:{line}: {rule} found, wrongly" for line, rule in found if (line, rule) not in wanted]
        if not wanted and "good" not in str(path):
            problems.append(f"{path}: expects nothing")
    return problems


def main(arguments):
    if arguments[:1] == ["--annotated"]:
        return check_annotated(pathlib.Path(path).resolve() for path in arguments[1:])
    if arguments:
        return [problem for path in arguments for problem in check(path, pathlib.Path(path).read_text())]
    return check_repository()


if __name__ == "__main__":
    found = main(sys.argv[1:])
    print("\n".join(found) if found else "ok")
    sys.exit(1 if found else 0)
