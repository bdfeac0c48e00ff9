"""Requests that come through: made-up tokens and codes give way to those of this installation.

Only where what was made up is a text that the description allows, so that a request that breaks the description still
does, and one that keeps to it still does.
"""

import json
import os
import re
import zlib

import schemathesis

TOKEN = os.environ["IMD_TOKEN"]
CODES = os.environ["IMD_CODES"].split()
KEYS = os.environ["IMD_KEYS"].split()
KEY = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")


def text(value, longest):
    return isinstance(value, str) and len(value) <= longest and "\0" not in value


@schemathesis.hook
def map_body(context, body):
    if not isinstance(body, dict):
        return body
    # The same request gives the same: what failed can be tried again.
    chance = zlib.crc32(json.dumps(body, sort_keys=True, default=str).encode())
    # One in four stays as it was made up.
    if chance % 4 == 0:
        return body
    body = dict(body)
    if text(body.get("token"), 1024):
        body["token"] = TOKEN
    elif KEY.fullmatch(str(body.get("claim_code"))) and isinstance(body.get("auth"), dict):
        number = chance % len(CODES)
        body["claim_code"] = CODES[number]
        auth = dict(body["auth"])
        # Two in three come from the laptop's own user, with the one accepted method.
        if chance % 3 and text(auth.get("user", ""), 1024) and auth.get("method") in ("unverified", "kerberos", "password"):
            auth |= {"method": "unverified", "user": f"user{number}@corp.example.com"}
        body["auth"] = auth
    elif KEY.fullmatch(str(body.get("device_key"))):
        body["device_key"] = KEYS[chance % len(KEYS)]
    return body
