"""Prints the SHA-256 of every value that a file holds, as a reader that is none of imd's own finds them.

values.py KIND FILE, where KIND is json, plist, yaml, sh or plain. Exit code 69: this host lacks the reader.
"""
import base64
import binascii
import hashlib
import json
import plistlib
import shlex
import sys


def strings(node):
    """Every string of a document, and the decoded text of each base64 string."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from strings(key)
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
    elif isinstance(node, str):
        yield node
        yield node.rstrip("\n")
        try:
            yield base64.b64decode(node, validate=True).decode()
        except (binascii.Error, ValueError):
            pass


def read(kind, path):
    if kind == "plist":
        with open(path, "rb") as file:
            return strings(plistlib.load(file))
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    if kind == "json":
        return strings(json.loads(text))
    if kind == "yaml":
        try:
            import yaml
        except ImportError:
            print("python3-yaml", file=sys.stderr)
            sys.exit(69)
        # Ansible's mark for a text that is no template.
        yaml.SafeLoader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))
        return strings(yaml.safe_load(text))
    if kind == "sh":
        return words(shlex.split(text, comments=True))
    return [text.rstrip("\r\n")]


def words(all_words):
    """Each word, its lines, and what follows an equals sign or a slash that the script itself wrote."""
    for word in all_words:
        yield word
        for cut in ("=", "/"):
            if cut in word:
                yield word.split(cut, 1)[1]
        yield from word.split("=", 1)[-1].split("\n")
        yield word.rstrip(";)")


for value in read(sys.argv[1], sys.argv[2]):
    print(hashlib.sha256(value.encode()).hexdigest())
