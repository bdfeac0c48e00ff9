#!/usr/bin/python3
"""accounts.py FOLDER: the accounts that the tests bind as, in the stopped domain controller of FOLDER.

svc-imd reads and no more: an ordinary member of Domain Users. The others show one refusal each.
"""
import sys

from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

USER_PASSWORD = "Lab-us3r!Pass"
# 2021-01-01 in 100 ns since 1601: past on every day that a test runs.
LONG_AGO = 132539328000000000

folder = sys.argv[1]
lp = LoadParm()
lp.load(folder + "/etc/smb.conf")
samdb = SamDB(url=folder + "/private/sam.ldb", session_info=system_session(), lp=lp)
base = samdb.domain_dn()


def dn(name):
    return f"CN={name},OU=Lab,{base}"


def modify(name, attribute, value):
    samdb.modify_ldif(f"dn: {dn(name)}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n")


samdb.transaction_start()
samdb.create_ou("OU=Lab," + base, description="Accounts that the tests bind as")
samdb.newuser("svc-imd", "Svc-imd!Lab-0nly", userou="OU=Lab", description="Reads for imd")
for name in ["lab-user", "lab-disabled", "lab-expired", "lab-must-change"]:
    samdb.newuser(name, USER_PASSWORD, userou="OU=Lab", mailaddress=f"{name}@one.test")
modify("lab-disabled", "userAccountControl", 514)
modify("lab-expired", "accountExpires", LONG_AGO)
modify("lab-must-change", "pwdLastSet", 0)
samdb.transaction_commit()
