#!/usr/bin/env python3
"""Verifies an audit that `imd audit export` wrote: JSON, or CSV with --csv.

    verify.py FILE [HEAD]

Each entry's hash is SHA-256 over: the hash of the entry before as 32 bytes (32 zero bytes before the first); the number
as 8 bytes, big-endian; then, of at, actor, verb, subject and detail in this order, the length in bytes as 8 bytes,
big-endian, and the text in UTF-8. Numbers count from 1 without gaps. HEAD is the last hash, kept elsewhere: without it,
entries that were cut off at the end of a CSV file cannot be missed.

In CSV, an apostrophe precedes a text that begins with one of = + - @ tab CR LF or an apostrophe; a backslash is two,
and a hidden character is \\u{1b}.
"""
import csv
import hashlib
import json
import re
import sys

CELLS = ("at", "actor", "verb", "subject", "detail")


def as_written(cell):
    """The text of a CSV cell."""
    if cell.startswith("'"):
        cell = cell[1:]
    return re.sub(r"\\(\\|u\{([0-9a-f]+)\})", lambda m: chr(int(m[2], 16)) if m[2] else "\\", cell)


def entries(text):
    if text.startswith("{"):
        document = json.loads(text)
        return document["entries"], document["rows"], document["head"]
    rows = list(csv.DictReader(text.splitlines(keepends=True)))
    for row in rows:
        row["number"] = int(row["number"])
        row.update({cell: as_written(row[cell]) for cell in CELLS})
    return rows, len(rows), rows[-1]["hash"] if rows else "00" * 32


def main(path, head=None):
    with open(path, encoding="utf-8", newline="") as file:
        rows, count, last = entries(file.read())
    before = bytes(32)
    for place, row in enumerate(rows, 1):
        covered = before + row["number"].to_bytes(8, "big")
        for cell in CELLS:
            text = row[cell].encode()
            covered += len(text).to_bytes(8, "big") + text
        before = hashlib.sha256(covered).digest()
        if row["number"] != place or before.hex() != row["hash"]:
            return f"entry {row['number']} is not as it was written, or another is missing before it"
    if len(rows) != count or before.hex() != last or (head and before.hex() != head):
        return "entries are missing at the end"
    print(f"{count} entries, unbroken; head {before.hex()}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) or 0)
