#!/usr/bin/python3
"""load.py FOLDER LDIF: loads an LDIF into the stopped domain controller of FOLDER, in one transaction.

ldb's batch mode matters: without it each record copies the index lists, and the load is quadratic.
"""
import sys

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB


def records(path):
    """The records one by one: ldb's own parser would read the whole file at once."""
    lines = []
    for line in open(path, encoding="utf-8"):
        if line != "\n":
            lines.append(line)
        elif lines:
            yield "".join(lines)
            lines = []
    if lines:
        yield "".join(lines)


folder, ldif = sys.argv[1:]
lp = LoadParm()
lp.load(folder + "/etc/smb.conf")
texts = list(records(ldif))
options = ["batch_mode:1", f"transaction_index_cache_size:{len(texts) * 20 + 1000}"]
samdb = SamDB(url=folder + "/private/sam.ldb", session_info=system_session(), lp=lp, flags=ldb.FLG_NOSYNC, options=options)
samdb.transaction_start()
for text in texts:
    _, message = next(iter(samdb.parse_ldif(text + "\n")))
    try:
        samdb.add(message)
    except ldb.LdbError as error:
        sys.exit(f"load.py: {message.dn}: {error}")
samdb.transaction_commit()
