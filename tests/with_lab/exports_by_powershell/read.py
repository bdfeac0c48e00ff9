"""Parses every PowerShell script below a folder with tree-sitter's grammar of the language.

read.py FOLDER prints one JSON document: by the path of each script its "tree", its "code" (all of it but the strings), and its
"strings" in order, decoded. A script that the grammar does not take has "wrong" instead: where it goes wrong.

The grammar knows only ' for a single quote. PowerShell takes U+2018 to U+201B for it as well (language specification, 2.3.5.2),
so each script is parsed as it stands and again with those four replaced, and must be the same both times.
"""
import json
import pathlib
import re
import sys

import tree_sitter
import tree_sitter_powershell

LANGUAGE = tree_sitter.Language(tree_sitter_powershell.language())
PARSER = tree_sitter.Parser(LANGUAGE)
STRINGS = tree_sitter.Query(LANGUAGE, "(verbatim_string_characters) @string")
QUOTES = "'\u2018\u2019\u201a\u201b"
PLAIN = str.maketrans({quote: "'" for quote in QUOTES})


def wrong(node):
    """The first node that is an error or is missing."""
    if node.is_error or node.is_missing:
        return "line %d: %s" % (node.start_point.row + 1, node.type)
    return next((found for found in map(wrong, node.children) if found), None)


def parsed(text):
    """The tree, and where in the text the strings stand."""
    source = text.encode()
    root = PARSER.parse(source).root_node
    if root.has_error:
        return wrong(root) or "somewhere", []
    nodes = tree_sitter.QueryCursor(STRINGS).captures(root).get("string", [])
    place, at, places = 0, 0, []
    for start, end in sorted((node.start_byte, node.end_byte) for node in nodes):
        first = at + len(source[place:start].decode())
        place, at = end, first + len(source[start:end].decode())
        places.append((first, at))
    return str(root), places


def read(path):
    text = path.read_bytes().decode("utf-8-sig")
    tree, places = parsed(text)
    again, same_places = parsed(text.translate(PLAIN))
    if tree.startswith(("line ", "somewhere")) or again.startswith(("line ", "somewhere")):
        return {"wrong": tree if tree.startswith(("line ", "somewhere")) else "with typographic quotes, " + again}
    if (tree, places) != (again, same_places):
        return {"wrong": "a typographic quote ends a string"}
    code, rest, strings = "", 0, []
    for start, end in places:
        # Blanks before a string may be taken for a part of it.
        literal = text[start:end]
        code += text[rest:start] + "<string>"
        rest = end
        strings.append(re.sub("([%s])[%s]" % (QUOTES, QUOTES), r"\1", literal.strip()[1:-1]))
    return {"tree": tree, "code": code + text[rest:], "strings": strings}


def main(folder):
    json.dump({str(path.relative_to(folder)): read(path) for path in sorted(folder.rglob("*.ps1"))}, sys.stdout)


main(pathlib.Path(sys.argv[1]))
