#!/usr/bin/python3
"""csvde.py [-u] <LDIF >CSV: entries as csvde writes them.

A header with DN and every attribute that any entry has; columns separated and quoted as Excel does it; the values of
an attribute joined by semicolons, with a backslash before a semicolon or a backslash of their own; X'..' for what is
not plain ASCII text. With -u, UTF-16 with a byte order mark, in which text needs no X'..'.
"""
import base64
import csv
import io
import sys

UNICODE = "-u" in sys.argv[1:]


def entries(text):
    for record in text.replace("\n ", "").split("\n\n"):
        entry = {}
        for line in record.splitlines():
            if line.startswith("#") or not line:
                continue
            name, value = line.split(":", 1)
            value = base64.b64decode(value[2:]) if value.startswith(": ") else value.strip().encode()
            entry.setdefault(name, []).append(value)
        if "dn" in entry:
            yield entry


def is_text(value):
    try:
        text = value.decode("utf-8" if UNICODE else "ascii")
    except UnicodeDecodeError:
        return False
    return all(c >= " " for c in text)


def cell(values):
    def one(value):
        if not is_text(value):
            return "X'" + value.hex() + "'"
        return value.decode().replace("\\", "\\\\").replace(";", "\\;")

    return ";".join(one(value) for value in values)


def dn(value):
    return value.decode() if is_text(value) else "X'" + value.hex() + "'"


everything = list(entries(sys.stdin.read()))
names = sorted({name for entry in everything for name in entry} - {"dn"})
out = io.StringIO()
writer = csv.writer(out, lineterminator="\r\n")
writer.writerow(["DN"] + names)
for entry in everything:
    writer.writerow([dn(entry["dn"][0])] + [cell(entry.get(name, [])) for name in names])
sys.stdout.buffer.write(out.getvalue().encode("utf-16" if UNICODE else "ascii"))
