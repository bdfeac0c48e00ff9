#!/usr/bin/env python3
"""Makes sample.ldif: an invented domain, corp.example.com, as `ldifde` would export it.

    assets/sample.py            writes assets/sample.ldif
    assets/sample.py --check    exits 1 when assets/sample.ldif is not what this makes

The output is the same on every machine and with every Python 3: pseudo-random numbers come from SHA-256, not from
`random`. All people are invented, and every address is under example.com (RFC 2606). It contains the irregularities of
real directories: people without mail, disabled and expired accounts, shared mail addresses, nested groups and a cycle
of groups, names in eight scripts, names full of punctuation, and display names that attack a terminal, a spreadsheet,
a shell or the reader.
"""

import base64
import datetime
import hashlib
import pathlib
import struct
import sys
import uuid

BASE = "DC=corp,DC=example,DC=com"
MAIL = "example.com"
SID = (21, 1938475610, 2817364529, 3746251810)
NEVER = "9223372036854775807"
SCHEMA = "CN=Schema,CN=Configuration," + BASE


class Random:
    def __init__(self, seed):
        self.seed, self.count = seed, 0

    def below(self, limit):
        self.count += 1
        digest = hashlib.sha256(b"%s %d" % (self.seed, self.count)).digest()
        return int.from_bytes(digest[:8], "big") % limit

    def of(self, items):
        return items[self.below(len(items))]

    def percent(self, share):
        return self.below(100) < share


random = Random(b"imd sample directory")


# --- How ldifde writes ----------------------------------------------------------------------------------------------

def line(name, value):
    raw = value if isinstance(value, bytes) else value.encode()
    plain = raw and all(32 <= byte < 127 for byte in raw) and raw[:1] not in b" :<" and raw[-1:] != b" "
    text = raw.decode() if plain else base64.b64encode(raw).decode()
    head = name + (": " if plain else ":: ")
    if len(head) + len(text) <= 78:
        return head + text
    # A long value is folded over several lines.
    return "\r\n ".join([head] + [text[at:at + 77] for at in range(0, len(text), 77)])


def rdn(value):
    """Escapes a value for a DN (RFC 4514, 2.4)."""
    out = ""
    for at, c in enumerate(value):
        edge = c == " " and at in (0, len(value) - 1) or c == "#" and at == 0
        out += "\\" + c if edge or c in ',+"\\<>;=' else c
    return out


def guid(dn):
    return uuid.uuid5(uuid.NAMESPACE_X500, dn).bytes_le


def sid(rid):
    return struct.pack("<BB", 1, 5) + (5).to_bytes(6, "big") + struct.pack("<5I", *SID, rid)


def moment(first=2014, last=2025):
    start = datetime.datetime(first, 1, 2)
    days = (datetime.datetime(last, 6, 1) - start).days
    return start + datetime.timedelta(days=random.below(days), seconds=random.below(86400))


def generalized(time):
    return time.strftime("%Y%m%d%H%M%S.0Z")


def filetime(time):
    return str(int((time - datetime.datetime(1601, 1, 1)).total_seconds()) * 10_000_000)


# --- The directory --------------------------------------------------------------------------------------------------

entries = []
usn = 12000
rids = iter(range(1103, 9999))


class Entry:
    def __init__(self, dn, classes, category, attributes):
        global usn
        usn += 1 + random.below(9)
        created = moment()
        changed = max(created, moment(2023, 2025))
        self.dn, self.name = dn, None
        self.attributes = [("objectClass", name) for name in classes] + list(attributes)
        self.links = []
        self.tail = [
            ("distinguishedName", dn), ("instanceType", "4"), ("whenCreated", generalized(created)),
            ("whenChanged", generalized(changed)), ("uSNCreated", str(usn)),
            ("uSNChanged", str(usn + 30000 + random.below(30000))), ("objectGUID", guid(dn)),
            ("objectCategory", "CN=%s,%s" % (category, SCHEMA)),
        ]
        entries.append(self)

    def text(self):
        lines = [line("dn", self.dn), "changetype: add"]
        lines += [line(*pair) for pair in self.attributes + self.links + self.tail]
        return "\r\n".join(lines) + "\r\n\r\n"


def ou(name, above):
    dn = "OU=%s,%s" % (rdn(name), above)
    Entry(dn, ["top", "organizationalUnit"], "Organizational-Unit", [("ou", name), ("name", name)])
    return dn


def container(name, above):
    dn = "CN=%s,%s" % (rdn(name), above)
    Entry(dn, ["top", "container"], "Container", [("cn", name), ("name", name)])
    return dn


class Group(Entry):
    def __init__(self, name, above, kind="-2147483646", mail=None, rid=None):
        dn = "CN=%s,%s" % (rdn(name), above)
        attributes = [("cn", name), ("name", name), ("groupType", kind), ("sAMAccountType", "268435456"),
                      ("sAMAccountName", "".join(c for c in name if c not in '",()\\/[]:;|=+*?<>')),
                      ("objectSid", sid(rid or next(rids)))]
        super().__init__(dn, ["top", "group"], "Group", attributes + ([("mail", mail)] if mail else []))

    def add(self, *members):
        for member in members:
            self.links.append(("member", member.dn))
            member.links.append(("memberOf", self.dn))


class User(Entry):
    def __init__(self, above, cn, sam, given=None, sn=None, control=512, expires=NEVER, upn=True, rid=None, logs_on=True,
                 **more):
        dn = "CN=%s,%s" % (rdn(cn), above)
        pairs = [("cn", cn), ("name", cn), ("sn", sn), ("givenName", given)]
        pairs += [(name, value) for name, value in more.items() if name != "proxies"]
        pairs += [("proxyAddresses", address) for address in more.get("proxies", ())]
        if upn:
            pairs.append(("userPrincipalName", sam + "@corp.example.com"))
        seen = moment(2024, 2025)
        pairs += [
            ("sAMAccountName", sam), ("sAMAccountType", "805306368"), ("objectSid", sid(rid or next(rids))),
            ("primaryGroupID", "513"), ("userAccountControl", str(control)), ("accountExpires", expires),
            ("pwdLastSet", filetime(seen)), ("countryCode", "0"), ("codePage", "0"),
        ]
        if logs_on:
            pairs.append(("lastLogonTimestamp", filetime(seen + datetime.timedelta(days=random.below(200)))))
        classes = ["top", "person", "organizationalPerson", "user"]
        super().__init__(dn, classes, "Person", [(name, value) for name, value in pairs if value])


# --- People and places ----------------------------------------------------------------------------------------------

def words(text):
    """`Åse/Ase Łukasz` as pairs of the written name and its form in a login."""
    return [tuple((word + "/" + word).split("/")[:2]) for word in text.split()]


ENGLISH = words("Anna Beth Clara Dana Edith Fiona Grace Hazel Iris June Kate Lena Maud Nora Olive Pearl Ruth Sara Tess "
                "Vera Adam Brian Colin Dylan Ewan Felix Glen Harry Ivor Jack Kyle Liam Mark Neil Oscar Paul Reid Sean Todd"), \
    words("Abbott Barlow Calder Dunmore Eastham Fairley Garside Hartley Ingham Jessop Kendrick Langley Marsden Norcott "
          "Oakes Pryor Quill Radley Selwick Thorne Upton Vickers Wexford Yarrow Ashdown Birchall Coombe Denholm")
NORDIC = words("Åse/Ase Bjørn/Bjorn Dagny Eirik Frøya/Froya Gunnar Hedda Ingrid Jørgen/Jorgen Kåre/Kare Live Mads Nils "
               "Oda Pål/Pal Ragnhild Sindre Tuva Ylva Øystein/Oystein"), \
    words("Askeladd Bråten/Braten Dalsøy/Dalsoy Elvebakk Fjeldvær/Fjeldvaer Granåsen/Granasen Hølmo/Holmo Isfjell "
          "Kvernmo Lyngås/Lyngas Myrvang Nordhagen Skogtun Tjønnmo/Tjonnmo Ødegårdsen/Odegardsen Åsgard/Asgard")
GERMAN = words("Anke Björn/Bjoern Dörte/Doerte Elke Friedhelm Götz/Goetz Heike Jürgen/Juergen Käthe/Kaethe Lutz Meike "
               "Norbert Ortrud Rüdiger/Ruediger Silke Uwe Volker Wiebke"), \
    words("Ackermühl/Ackermuehl Bergfelde Dünnbier/Duennbier Eichstätt/Eichstaett Fährmeister/Faehrmeister Großfeld/Grossfeld "
          "Hölzl/Hoelzl Kleinschuh Lößmann/Loessmann Mühlbrück/Muehlbrueck Nußdorf/Nussdorf Röhrig/Roehrig Süßbach/Suessbach Weißhuhn/Weisshuhn")
POLISH = words("Agnieszka Bożena/Bozena Czesław/Czeslaw Elżbieta/Elzbieta Grażyna/Grazyna Łukasz/Lukasz Małgorzata/Malgorzata "
               "Paweł/Pawel Stanisław/Stanislaw Wojciech Żaneta/Zaneta"), \
    words("Brzęczek/Brzeczek Ćwiklak/Cwiklak Dąbrówka/Dabrowka Gołębik/Golebik Kłosiński/Klosinski Łęcki/Lecki Pączek/Paczek "
          "Śliwiak/Sliwiak Wójtowski/Wojtowski Źrebiec/Zrebiec Żółtko/Zoltko")
GREEK = words("Ανδρέας/Andreas Βασιλική/Vasiliki Γιώργος/Giorgos Δήμητρα/Dimitra Ελένη/Eleni Ηλίας/Ilias Θεανώ/Theano "
              "Κώστας/Kostas Μυρτώ/Myrto Νεφέλη/Nefeli Σπύρος/Spyros Χλόη/Chloi"), \
    words("Αλεξιάδης/Alexiadis Βαμβακάς/Vamvakas Γαλανάκη/Galanaki Ζαχαρίδης/Zacharidis Καραβέλας/Karavelas "
          "Λεμονής/Lemonis Μελισσάς/Melissas Ξυδάκη/Xydaki Πετρίδης/Petridis Ψαράς/Psaras")
CYRILLIC = words("Алёна/Alyona Борис/Boris Вера/Vera Григорий/Grigory Дарья/Darya Егор/Egor Жанна/Zhanna Игорь/Igor "
                 "Лидия/Lidia Майя/Maya Олег/Oleg Фёдор/Fyodor Юлия/Yulia Ярослав/Yaroslav"), \
    words("Березкин/Berezkin Вишняк/Vishnyak Голубь/Golub Журавко/Zhuravko Калинкин/Kalinkin Липов/Lipov Мельник/Melnik "
          "Облаков/Oblakov Рябов/Ryabov Щукарь/Shchukar Яблочко/Yablochko")
ARABIC = words("أمل/Amal باسم/Basim جميلة/Jamila حسن/Hasan دانة/Dana رامي/Rami سلمى/Salma طارق/Tariq علياء/Alya فارس/Faris "
               "ليلى/Layla نور/Nur"), \
    words("البستاني/Albustani الحداد/Alhaddad الخياط/Alkhayyat الزيات/Alzayyat السمان/Alsamman الطحان/Altahhan العطار/Alattar "
          "القطان/Alqattan النجار/Alnajjar الوراق/Alwarraq")
HEBREW = words("אביגיל/Avigail בועז/Boaz גלית/Galit דורון/Doron יעל/Yael כרמל/Carmel מאיה/Maya נועם/Noam רות/Rut שירה/Shira"), \
    words("אלמוג/Almog ברקת/Bareket גפן/Gefen דקלי/Dikli הדרי/Hadari זית/Zayit לוטם/Lotem נרקיס/Narkis ערבה/Arava תמרי/Tamari")
JAPANESE = words("葵/Aoi 一郎/Ichiro 恵子/Keiko 健太/Kenta さくら/Sakura 翔/Sho 太一/Taichi 直美/Naomi 真央/Mao 陽子/Yoko リナ/Rina"), \
    words("青木沢/Aokizawa 石橋野/Ishibashino 上杉田/Uesugita 大河原井/Okawarai 黒松/Kuromatsu 桜庭/Sakuraba 滝川/Takikawa "
          "中之島/Nakanoshima 星影/Hoshikage 渡瀬/Watase")
KOREAN = words("가온/Gaon 나래/Narae 다솜/Dasom 라온/Raon 마루/Maru 보람/Boram 새봄/Saebom 아라/Ara 하늘/Haneul 한결/Hangyeol"), \
    words("강/Gang 남궁/Namgung 독고/Dokgo 문/Mun 백/Baek 선우/Seonu 안/An 제갈/Jegal 표/Pyo 황보/Hwangbo")
HINDI = words("अनीता/Anita आरव/Aarav ईशा/Isha करण/Karan गीता/Gita जया/Jaya नेहा/Neha मीरा/Mira रोहन/Rohan सुनील/Sunil"), \
    words("अग्निहोत्र/Agnihotra कमलेश/Kamlesh गगनदीप/Gagandeep चंद्रपाल/Chandrapal देवगढ़/Devgarh पर्वतकर/Parvatkar "
          "मधुबन/Madhuban वनराज/Vanraj सागरिया/Sagariya")
PORTUGUESE = words("Antônia/Antonia Conceição/Conceicao Flávio/Flavio Inês/Ines João/Joao Luísa/Luisa Otávio/Otavio "
                   "Simão/Simao Vitória/Vitoria"), \
    words("Açucena/Acucena Brandãozinho/Brandaozinho Coração/Coracao Jequitibá/Jequitiba Laranjeira Maracujá/Maracuja "
          "Pitangueira Sabiá/Sabia")

# Site, country, name of the country, names, people, and whether the surname comes first, with a comma.
SITES = [
    ("Oslo", "NO", "Norway", NORDIC, 220, False), ("London", "GB", "United Kingdom", ENGLISH, 180, True),
    ("Berlin", "DE", "Germany", GERMAN, 130, False), ("New York", "US", "United States", ENGLISH, 160, True),
    ("Warszawa", "PL", "Poland", POLISH, 70, False), ("São Paulo", "BR", "Brazil", PORTUGUESE, 60, False),
    ("Αθήνα", "GR", "Greece", GREEK, 60, False), ("Almaty", "KZ", "Kazakhstan", CYRILLIC, 60, False),
    ("Dubai", "AE", "United Arab Emirates", ARABIC, 50, False), ("Haifa", "IL", "Israel", HEBREW, 40, False),
    ("東京", "JP", "Japan", JAPANESE, 60, False), ("Seoul", "KR", "Korea", KOREAN, 40, False),
    ("Pune", "IN", "India", HINDI, 40, False),
]
DEPARTMENTS = {
    "Sales": ["Account Manager", "Sales Representative"], "Finance": ["Accountant", "Controller"],
    "Engineering": ["Engineer", "Senior Engineer"], "Operations": ["Planner", "Shift Lead"],
    "Human Resources": ["Recruiter", "HR Partner"], "Legal": ["Counsel"], "IT": ["Administrator", "Support Engineer"],
    "R&D": ["Researcher"], "Marketing, Brand & Web": ["Editor", "Designer"],
}
# Names that need escaping.
PUNCTUATION = [
    'Nell "Nellie" Finchley', "Omar Reyesh (Contractor)", "Desk\\Kiosk North", "Plus + Equals = Desk", "#1 Reception",
    "Semi;Colon Desk", "<Angle> Desk", "Star * Desk", " Leading Space", "Trailing Space ", "Wanda O'Rourkesby",
    "Desk, Comma, Twice", "Percent %USERNAME% Desk", "A/B Test Bench", "Null(|(objectClass=*))", "Line's \"End\" (\\)",
]
# Display names that attack the program that shows them.
HOSTILE = [
    "\x1b[31mRed Alert\x1b[0m", "\x1b]0;owned\x07Title Setter", "\x1b[2J\x1b[HClear Screen", "\x9b31mC1 Control",
    "Invoice\u202egnp.exe", "\u2066Isolated\u2069 Name", "Zero\u200bWidth\u200dJoin", "\u061cArabic Mark\u200f",
    "Tag\U000e0041\U000e0042 Smuggler", "Back\b\b\b\bSpace", "Bell\x07 Ringer", "New\nLine", "Carriage\rReturn", "Tab\tStop",
    "=cmd|'/C calc'!A0", "+1+1", "@SUM(A1)", "$(touch owned)", "`touch owned`", "%COMSPEC% & whoami", "'; DROP TABLE users; --",
    "\u00adSoft\u00adHyphen", "Z\u0351\u0352a\u0357l\u035bg\u0311o", "\ufeffByte Order",
]


def login(given, sn, taken):
    plain = "".join(c for c in (given[:1] + sn).lower() if c.isascii() and c.isalnum())[:17]
    name, number = plain, 1
    while name in taken:
        number += 1
        name = plain + str(number)
    taken.add(name)
    return name


def build():
    Entry(BASE, ["top", "domain", "domainDNS"], "Domain-DNS", [
        ("dc", "corp"), ("name", "corp"), ("msDS-Behavior-Version", "7"), ("lockoutThreshold", "5"),
        ("objectSid", struct.pack("<BB", 1, 4) + (5).to_bytes(6, "big") + struct.pack("<4I", *SID)),
    ])
    system_users = container("Users", BASE)
    container("Computers", BASE)
    staff, groups = ou("Staff", BASE), ou("Groups", BASE)
    leavers, service, contacts = ou("Leavers", BASE), ou("Service Accounts", BASE), ou("Contacts", BASE)
    devices, special = ou("Devices", BASE), ou("Labs (R&D), Trondheim", staff)

    User(system_users, "Administrator", "Administrator", rid=500, control=66048)
    User(system_users, "Guest", "Guest", rid=501, control=66082, upn=False, logs_on=False)
    User(system_users, "krbtgt", "krbtgt", rid=502, control=514, upn=False, logs_on=False)
    Group("Domain Users", system_users, rid=513)
    Group("Domain Admins", system_users, rid=512)

    laptops = Group("Laptop Users", groups)
    everybody = Group("All Staff", groups, kind="8", mail="all@" + MAIL)
    teams = {name: Group("Dept " + name, groups, kind="-2147483640") for name in DEPARTMENTS}
    everybody.add(*teams.values())
    alder, birch, cedar = (Group("Project " + name, groups) for name in ("Alder", "Birch", "Cedar"))
    alder.add(birch)
    birch.add(cedar)
    cedar.add(alder)
    nested = Group("R&D (Labs), \"Core\"", groups)
    Group("Nobody Yet", groups)

    people, taken, cns = [], {"administrator", "guest", "krbtgt"}, set()
    heads = {}

    def person(above, site, cn, given, sn, sam, **more):
        _, country, country_name, _, _, _ = site
        department = random.of(sorted(DEPARTMENTS))
        number = len(people)
        kind = "permanent" if random.percent(86) else random.of(["contractor", "temporary"])
        pairs = {
            "displayName": cn.strip(), "department": department, "title": random.of(DEPARTMENTS[department]),
            "company": "Example Corp", "c": country, "co": country_name, "l": site[0], "employeeType": kind,
            "employeeID": str(100200 + number), "employeeNumber": "E%05d" % (number + 1),
            "manager": heads.get((site[0], department)),
        }
        if not random.percent(7):
            address = "%s@%s" % (more.pop("address", sam), MAIL)
            pairs["mail"] = address
            pairs["proxies"] = ["SMTP:" + address] + (["smtp:%s@corp.%s" % (sam, MAIL)] if random.percent(40) else [])
        more.pop("address", None)
        for lost in ("department", "c", "manager", "title"):
            if random.percent(2):
                pairs[lost] = None
        if kind == "temporary":
            past = random.percent(35)
            more["expires"] = filetime(moment(2022, 2024) if past else moment(2035, 2040))
        elif random.percent(3):
            more["expires"] = "0"
        user = User(above, cn, sam, given=given, sn=sn, upn=not random.percent(2), **{**pairs, **more})
        user.department, user.country = department, country
        heads.setdefault((site[0], department), user.dn)
        teams[department].add(user)
        people.append(user)
        return user

    for site in SITES:
        name, _, _, (givens, surnames), count, comma = site
        above = ou(name, staff)
        local = Group("Laptop Users " + name, groups)
        laptops.add(local)
        for _ in range(count):
            (given, plain_given), (sn, plain_sn) = random.of(givens), random.of(surnames)
            cn = "%s, %s" % (sn, given) if comma else "%s %s" % (given, sn)
            written = cn
            while (above, cn.casefold()) in cns:
                cn = "%s %d" % (written, sum(1 for a, _ in cns if a == above) + 1)
            cns.add((above, cn.casefold()))
            sam = login(plain_given, plain_sn, taken)
            gone = random.percent(4)
            control = 514 if gone or random.percent(1) else random.of([512] * 9 + [66048])
            user = person(leavers if gone else above, site, cn if not gone else "%s (%s)" % (cn, sam), given, sn, sam,
                          control=control, displayName=written)
            if not gone and random.percent(82):
                local.add(user)

    oslo, new_york = SITES[0], SITES[3]
    for cn in PUNCTUATION:
        nested.add(person(special, oslo, cn, cn.split()[0], cn.split()[-1], login("desk", str(len(people)), taken)))
    for number, display in enumerate(HOSTILE):
        cn = "Lab Rat %02d" % (number + 1)
        person(special, new_york, cn, "Lab", "Rat", login("lab", "rat%02d" % (number + 1), taken), displayName=display)
    alder.add(*people[3:9])
    cedar.add(nested, *people[40:44])

    # Two people, one mailbox: the same address, then in another case, then as another user's alias.
    with_mail = [user for user in people if any(name == "mail" for name, _ in user.attributes)]
    for number in range(8):
        one, two = with_mail[20 + 37 * number], with_mail[33 + 37 * number]
        address = dict(one.attributes)["mail"]
        if number < 6:
            shown = address if number % 2 else address.upper()
            two.attributes = [(name, shown if name == "mail" else value) for name, value in two.attributes]
        else:
            two.attributes.append(("proxyAddresses", "smtp:" + address))

    for number, what in enumerate(["backup", "scan", "sql", "web", "print", "mail relay", "monitoring", "build"] * 3):
        sam = "svc-%s%d" % (what.replace(" ", "-"), number + 1)
        mail = {"mail": sam + "@" + MAIL} if number % 8 == 5 else {}
        User(service, sam, sam, control=66048, description="Service account: " + what,
             servicePrincipalName="HTTP/%s.corp.example.com" % sam, **mail)
    for number in range(1, 61):
        name = "LT-%05d" % (40000 + number * 7)
        classes = ["top", "person", "organizationalPerson", "user", "computer"]
        Entry("CN=%s,%s" % (name, devices), classes, "Computer", [
            ("cn", name), ("name", name), ("sAMAccountName", name + "$"), ("sAMAccountType", "805306369"),
            ("userAccountControl", "4096"), ("primaryGroupID", "515"), ("objectSid", sid(next(rids))),
            ("dNSHostName", "%s.corp.example.com" % name.lower()), ("operatingSystem", "Windows 11 Enterprise"),
        ])
    for number in range(1, 31):
        name = "Partner %02d" % number
        Entry("CN=%s,%s" % (name, contacts), ["top", "person", "organizationalPerson", "contact"], "Person", [
            ("cn", name), ("name", name), ("sn", "Partner"), ("displayName", name),
            ("mail", "partner%02d@partner.%s" % (number, MAIL)),
        ])


def main():
    build()
    made = "".join(entry.text() for entry in entries).encode("ascii")
    path = pathlib.Path(__file__).with_name("sample.ldif")
    if sys.argv[1:] == ["--check"]:
        if not path.exists() or path.read_bytes() != made:
            sys.exit("%s is not what %s makes" % (path.name, pathlib.Path(__file__).name))
        return
    path.write_bytes(made)
    print("%s: %d entries, %d bytes" % (path.name, len(entries), len(made)))


main()
