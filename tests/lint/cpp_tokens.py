"""C++ as a flat list of tokens: all that the checks need, and nothing that needs a compiler."""

import re
from typing import NamedTuple


class Token(NamedTuple):
    kind: str  # "word", "number", "literal", "sign", "comment" or "directive"
    text: str
    line: int


_TOKEN = re.compile(
    r"""
    (?P<comment>   //[^\n]* | /\*.*?\*/ )
  | (?P<directive> ^[ \t]*\#(?:[^\n\\]|\\.)* )
  | (?P<literal>   (?:u8|[uUL])?R"(?P<mark>[^()\s]*)\(.*?\)(?P=mark)"
                 | (?:u8|[uUL])?"(?:[^"\\\n]|\\.)*" | (?:u8|[uUL])?'(?:[^'\\\n]|\\.)+' )
  | (?P<number>    \.?\d(?:[\w.]|'\w|[eEpP][+-])* )
  | (?P<word>      [A-Za-z_]\w* )
  | (?P<sign>      ->\*? | :: | \.\.\. | <=> | <<=? | [-+*/%&|^=!<]= | && | \|\| | \+\+ | -- | [^\w\s] )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE)


def tokens(text, first_line=1):
    found = []
    line, position = first_line, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        found.append(Token(match.lastgroup if match.lastgroup != "mark" else "literal", match.group(), line))
    return found


def code(text, first_line=1):
    """Without comments and preprocessor lines."""
    return [token for token in tokens(text, first_line) if token.kind not in ("comment", "directive")]
