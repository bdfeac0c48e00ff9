#!/usr/bin/python3
"""crowd.py FOLDER OU COUNT: a group "crowd" of COUNT contacts below OU, in the domain controller of FOLDER, which may run.

COUNT 0 takes away the OU with all that is below it. One transaction, where LDAP would make one of each of them.
"""
import sys

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

folder, unit, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
lp = LoadParm()
lp.load(folder + "/etc/smb.conf")
options = ["batch_mode:1", f"transaction_index_cache_size:{count * 20 + 1000}"]
samdb = SamDB(url=folder + "/private/sam.ldb", session_info=system_session(), lp=lp, flags=ldb.FLG_NOSYNC, options=options)
samdb.transaction_start()
try:
    if count == 0:
        # The group first: each of its members would have to be taken out of it otherwise.
        below = samdb.search(unit, ldb.SCOPE_ONELEVEL, attrs=["groupType"])
        for entry in sorted(below, key=lambda entry: "groupType" not in entry):
            samdb.delete(entry.dn)
        samdb.delete(unit)
    else:
        members = [f"CN=m{number},{unit}" for number in range(count)]
        for dn in members:
            samdb.add({"dn": dn, "objectClass": "contact"})
        samdb.add({"dn": f"CN=crowd,{unit}", "objectClass": "group", "sAMAccountName": "crowd-crowd", "member": members})
    samdb.transaction_commit()
except ldb.LdbError as error:
    samdb.transaction_cancel()
    sys.exit(f"crowd.py: {error}")
