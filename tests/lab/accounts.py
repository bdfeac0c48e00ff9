#!/usr/bin/python3
"""accounts.py FOLDER: the accounts that the tests bind as, in the stopped domain controller of FOLDER.

svc-imd reads and no more: an ordinary member of Domain Users. svc-expiring has a password that ends, by a policy of
its own; svc-powerful is in groups that may do more than read, one of them by way of another. The others show one
refusal each.
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
samdb.newuser("svc-expiring", USER_PASSWORD, userou="OU=Lab")
samdb.newuser("svc-powerful", USER_PASSWORD, userou="OU=Lab")
samdb.newgroup("Lab Helpers", groupou="OU=Lab")
for group, member in [
    ("Lab Helpers", "svc-powerful"),
    ("Account Operators", "Lab Helpers"),
    ("Domain Admins", "svc-powerful"),
]:
    samdb.add_remove_group_members(group, [member], add_members_operation=True)
# Ten years, in 100 ns: long past the life of a lab.
samdb.add_ldif(f"""dn: CN=Lab,CN=Password Settings Container,CN=System,{base}
objectClass: msDS-PasswordSettings
msDS-PasswordSettingsPrecedence: 1
msDS-PasswordReversibleEncryptionEnabled: FALSE
msDS-PasswordHistoryLength: 0
msDS-PasswordComplexityEnabled: FALSE
msDS-MinimumPasswordLength: 0
msDS-MinimumPasswordAge: 0
msDS-MaximumPasswordAge: {-3650 * 24 * 60 * 60 * 10**7}
msDS-LockoutThreshold: 0
msDS-LockoutObservationWindow: 0
msDS-LockoutDuration: 0
msDS-PSOAppliesTo: {dn("svc-expiring")}
""")
samdb.transaction_commit()
