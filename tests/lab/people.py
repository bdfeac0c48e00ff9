#!/usr/bin/python3
"""people.py N BASE_DN DNS_DOMAIN [openldap]: an invented organisation of N people as LDIF, the same every time.

With N people come a team group for every 500 of a department, a group per department over its teams, "All Depts" and
"All Staff", and service accounts, computers and contacts. Of the people, every 10th has no mail, every 20th is
disabled, every 25th has a name in another script, every 30th has expired, and every 40th a name with characters that
DNs, filters or files give a meaning to. "openldap" writes the same people for slapd's core, cosine and inetorgperson.
"""
import base64
import random
import sys

GIVEN = """James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph
Jessica Thomas Sarah Carlos Ana Pierre Marie Hans Greta Wei Li Ahmed Fatima Olga Ivan Yuki Kenji""".split()
FAMILY = """Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson
Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker
Young""".split()
OTHER_SCRIPTS = [
    ("Åsa", "Öberg"), ("Jürgen", "Müller"), ("François", "Lefèvre"), ("Łukasz", "Żółć"), ("Σοφία", "Παπαδοπούλου"),
    ("Иван", "Петров"), ("太郎", "山田"), ("محمد", "علي"), ("Siân", "O’Brien"), ("Zoe\u0308", "Decomposed"),
]
AWKWARD = [
    "Doe, Jane", "O'Hara (Contractor)", "Back\\slash", 'Quote "Q" Q', "Plus+Equal=", "#Hash", "Semi;Colon", "<Angle>",
    "Star*Name", " Lead", "Tab/Slash", "null(|(a=b))",
]
DEPARTMENTS = [
    "Engineering", "Sales", "Finance", "Human Resources", "Legal", "IT", "Operations", "Marketing", "Support", "R&D",
]
CITIES = [
    ("London", "GB", "United Kingdom"), ("Berlin", "DE", "Germany"), ("Paris", "FR", "France"),
    ("New York", "US", "United States"), ("Tokyo", "JP", "Japan"), ("São Paulo", "BR", "Brazil"),
]
PERSON = ["top", "person", "organizationalPerson"]
DISABLED, ENABLED, NEVER_EXPIRES, WORKSTATION = "514", "512", "66048", "4096"
GLOBAL_GROUP, UNIVERSAL_GROUP = "-2147483646", "-2147483640"
# 2024-09-05 in 100 ns since 1601.
EXPIRED = "133700000000000000"

count, base, domain = int(sys.argv[1]), sys.argv[2], sys.argv[3]
active_directory = sys.argv[4:] != ["openldap"]
chance = random.Random(42)
root = "OU=Corp," + base


def escaped(value):
    """A value inside a DN (RFC 4514, 2.4)."""
    out = ""
    for at, char in enumerate(value):
        ends = (at == 0 and char in " #") or (at == len(value) - 1 and char == " ")
        out += "\\" + char if ends or char in ',+"\\<>;=' else char
    return out


def line(name, value):
    raw = value.encode()
    plain = raw and all(32 <= byte < 127 for byte in raw) and raw[:1] not in (b" ", b":", b"<") and raw[-1:] != b" "
    return f"{name}: {value}\n" if plain else f"{name}:: {base64.b64encode(raw).decode()}\n"


def record(dn, attributes):
    text = line("dn", dn)
    for name, values in attributes:
        for value in values if isinstance(values, list) else [values]:
            text += line(name, value)
    sys.stdout.buffer.write((text + "\n").encode())


def unit(dn, name):
    record(dn, [("objectClass", ["top", "organizationalUnit"]), ("ou", name)])


def group(name, members, kind, extra=()):
    dn = f"CN={escaped(name)},OU=Groups,{root}"
    classes = ["top", "group" if active_directory else "groupOfNames"]
    attributes = [("objectClass", classes), ("cn", name), ("member", members)]
    if active_directory:
        attributes += [("sAMAccountName", name.replace("&", "and")), ("groupType", kind), *extra]
    record(dn, attributes)
    return dn


def person(number, managers):
    """Writes one person and returns their DN."""
    given, family = chance.choice(GIVEN), chance.choice(FAMILY)
    other_script = number % 25 == 7
    if other_script:
        given, family = OTHER_SCRIPTS[number // 25 % len(OTHER_SCRIPTS)]
    name = f"{given} {family} {number:06}"
    if number % 40 == 13:
        name = f"{AWKWARD[number // 40 % len(AWKWARD)]} {number:06}"
    department, city = DEPARTMENTS[number % len(DEPARTMENTS)], CITIES[number % len(CITIES)]
    disabled = number % 20 == 3
    ou = "Disabled Users" if disabled and number % 40 == 3 else department
    dn = f"CN={escaped(name)},OU={escaped(ou)},{root}"
    account = f"u{number:06}"
    mail = f"{account if other_script else f'{given.lower()}.{family.lower()}{number}'}@{domain}"
    has_mail = number % 10 != 9
    attributes = [
        ("objectClass", PERSON + ["user" if active_directory else "inetOrgPerson"]),
        ("cn", name), ("givenName", given), ("sn", family), ("displayName", f"{family}, {given}"),
        ("department" if active_directory else "departmentNumber", department),
        ("title", f"Engineer {number % 7}"), ("telephoneNumber", f"+44 20 7946 {number % 10000:04}"),
        ("mobile", f"+44 7700 {number:06}"), ("l", city[0]),
        ("physicalDeliveryOfficeName", f"Room {number % 300}"), ("postalCode", f"EC1A {number % 9}BB"),
        ("streetAddress" if active_directory else "street", f"{number % 200} High Street"),
        ("employeeNumber", f"E{number:07}"), ("description", f"User {number} of the {department} department"),
    ]
    if has_mail:
        attributes.append(("mail", mail))
    if managers:
        attributes.append(("manager", managers[number // 8 if number // 8 < len(managers) else 0]))
    if active_directory:
        attributes += [
            ("sAMAccountName", account), ("userPrincipalName", f"{account}@{domain}"), ("company", "IMD plc"),
            ("c", city[1]), ("co", city[2]), ("userAccountControl", DISABLED if disabled else ENABLED),
            ("employeeID", str(100000 + number)),
        ]
        if has_mail:
            alias = [] if other_script else [f"smtp:{account}@{domain}"]
            attributes.append(("proxyAddresses", [f"SMTP:{mail}", *alias, f"sip:{account}@{domain}"]))
        if number % 30 == 11:
            attributes.append(("accountExpires", EXPIRED))
    else:
        attributes += [("uid", account), ("o", "IMD plc")]
    record(dn, attributes)
    return dn, department


unit(root, "Corp")
for name in DEPARTMENTS + ["Groups", "Service Accounts", "Computers", "Contacts", "Disabled Users"]:
    unit(f"OU={escaped(name)},{root}", name)

people, teams = [], {}
for number in range(count):
    dn, department = person(number, people)
    people.append(dn)
    teams.setdefault((department, number // 500), []).append(dn)

teams_of = {}
for (department, number), members in teams.items():
    teams_of.setdefault(department, []).append(group(f"Team {department} {number}", members, GLOBAL_GROUP))
departments = [group(f"Dept {name}", members, UNIVERSAL_GROUP) for name, members in teams_of.items()]
group("All Depts", departments, UNIVERSAL_GROUP)
group("All Staff", people[:20000], UNIVERSAL_GROUP, [("mail", f"all@{domain}")])

if active_directory:
    for number in range(max(10, count // 100)):
        name = f"svc-{number:04}"
        record(f"CN={name},OU=Service Accounts,{root}", [
            ("objectClass", PERSON + ["user"]), ("cn", name), ("sAMAccountName", name),
            ("userAccountControl", NEVER_EXPIRES), ("servicePrincipalName", f"HTTP/app{number:04}.{domain}"),
        ])
        name = f"WKS{number:05}"
        record(f"CN={name},OU=Computers,{root}", [
            ("objectClass", PERSON + ["user", "computer"]), ("cn", name), ("sAMAccountName", name + "$"),
            ("userAccountControl", WORKSTATION), ("dNSHostName", f"{name.lower()}.{domain}"),
            ("operatingSystem", "Windows 11 Enterprise"),
        ])
        name = f"Contact {number:05}"
        record(f"CN={name},OU=Contacts,{root}", [
            ("objectClass", PERSON + ["contact"]), ("cn", name), ("sn", "Contact"),
            ("mail", f"contact{number:05}@partner.example"),
        ])
