"""Reads every case in a folder by readers that are none of imd's: json, plistlib, PyYAML, dash, xmllint, UTF-16.

read.py FOLDER: FOLDER holds one folder a case, and in it one folder a target. Prints one JSON document: for each case and
target what was read, as {"servers": ..., "proxy": ...} and more.
"""
import base64
import json
import pathlib
import plistlib
import re
import subprocess
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent

yaml.SafeLoader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def lines(text):
    settings = [line.split("=", 1) for line in text.split("\n") if line]
    return {"servers": [value for key, value in settings if key == "server"],
            "proxy": [value for key, value in settings if key == "proxy"]}


def from_json(folder):
    read = json.loads((folder / "deployment.json").read_bytes())
    return {"servers": read["servers"], "proxy": [read["proxy"]], "token": read.get("token"), "properties": read["properties"]}


def from_mobileconfig(folder):
    read = plistlib.loads((folder / "settings.mobileconfig").read_bytes())
    (inner,) = read["PayloadContent"]
    (forced,) = inner["PayloadContent"]["imd.activate"]["Forced"]
    values = forced["mcx_preference_settings"]
    return {"servers": values["Servers"].split(";"), "proxy": [values["Proxy"]], "token": values.get("Token"),
            "uuids": [read["PayloadUUID"], inner["PayloadUUID"]]}


def from_munki(folder):
    read = plistlib.loads((folder / "pkginfo.plist").read_bytes())
    return {name: read[name] for name in ("preinstall_script", "installcheck_script", "uninstallcheck_script")}


def from_ansible(folder):
    (play,) = yaml.safe_load((folder / "playbook.yml").read_bytes())
    return lines("\n".join(play["vars"]["settings_lines"]))


def from_registry(folder):
    text = (folder / "settings.reg").read_bytes().decode("utf-16")
    assert (folder / "settings.reg").read_bytes()[:2] == b"\xff\xfe"
    head, _, rest = text.partition("\r\n\r\n")
    assert head == "Windows Registry Editor Version 5.00", head
    key, *values = rest.split("\r\n")
    assert key == "[HKEY_LOCAL_MACHINE\\SOFTWARE\\imd\\activate]" and values.pop() == "", rest
    read = {}
    for value in values:
        name, data = re.fullmatch(r'"((?:[^"\\]|\\[\\"])*)"="((?:[^"\\]|\\[\\"])*)"', value).groups()
        read[name] = re.sub(r"\\(.)", r"\1", data)
    return {"servers": read["Servers"].split(";"), "proxy": [read["Proxy"]], "token": read.get("Token")}


def from_intune(folder):
    app = json.loads((folder / "app.json").read_bytes())
    script = base64.b64decode(app["rules"][0]["scriptContent"], validate=True)
    assert script + b"\n" == (folder / "detect.ps1").read_bytes().replace(b"\r\n", b"\n")
    return {"title": app["displayName"], "uninstall": app["uninstallCommandLine"]}


READERS = {"json": from_json, "mobileconfig": from_mobileconfig, "munki": from_munki, "ansible": from_ansible,
           "registry": from_registry, "intune": from_intune}


def from_env(cases):
    """One dash for all of them."""
    script = """for case in "$1"/*/env/deployment.env; do
        (. "$case"; printf '%s\\0%s\\0%s\\0%s\\0' "$case" "$IMD_SERVERS" "$IMD_PROXY" "${IMD_TOKEN:-}")
    done"""
    ran = subprocess.run(["dash", "-eu", "-c", script, "dash", cases], stdout=subprocess.PIPE, check=True)
    read = ran.stdout.decode().split("\0")[:-1]
    for path, servers, proxy, token in zip(*[iter(read)] * 4):
        yield pathlib.Path(path).parts[-3], {"servers": servers.split("\n"), "proxy": [proxy], "token": token or None}


def main(cases):
    read = {}
    for folder in sorted(cases.glob("*/*")):
        if folder.name in READERS:
            read.setdefault(folder.parent.name, {})[folder.name] = READERS[folder.name](folder)
    for case, values in from_env(cases):
        read[case]["env"] = values
    # By the name that each gives in its DOCTYPE, and from nowhere else.
    catalog = cases / "catalog.xml"
    catalog.write_text('''<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
        <public publicId="-//Apple//DTD PLIST 1.0//EN" uri="%s"/></catalog>''' % (HERE / "plist.dtd").as_uri())
    for plists in ("*/*/*.mobileconfig", "*/*/*.plist"):
        files = sorted(map(str, cases.glob(plists)))
        if files:
            subprocess.run(["xmllint", "--noout", "--nonet", "--valid", *files], check=True,
                           env={"PATH": "/usr/bin:/bin", "XML_CATALOG_FILES": str(catalog)})
    json.dump(read, sys.stdout)


main(pathlib.Path(sys.argv[1]))
