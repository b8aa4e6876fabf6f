"""Who comes to the demo clinic: plainly made-up people, and names that attack the screen.

Every phone number starts with +91 692 to +91 699. India has handed out no number there (``phonenumbers`` knows no
carrier for 69200 to 69999) but the form is valid, so that they are treated as real ones and ring nowhere.
"""

from __future__ import annotations

import random

from dashboard.demo.tables import ClinicRow, User

PATIENTS = 400
GIVEN_NAMES = (
    "Asha", "Bilal", "Chitra", "Dev", "Esha", "Farhan", "Gauri", "Harish", "Indu", "Jatin",
    "Kavya", "Lalit", "Meera", "Nikhil", "Ojas", "Pooja", "Qadir", "Ravi", "Sana", "Tarun",
    "Uma", "Varun", "Wasim", "Yamini", "Zoya", "Anil", "Bina", "Charu", "Dinesh", "Ekta",
    "Firoz", "Geeta", "Hema", "Imran", "Jaya", "Kiran", "Leela", "Mohan", "Naina", "Omkar",
)  # fmt: skip
FAMILY_NAMES = (
    "Neem", "Banyan", "Lotus", "Tulsi", "Peepal", "Mango", "Jasmine", "Cardamom", "Saffron", "Tamarind",
    "Coconut", "Marigold", "Sandal", "Ginger", "Bamboo", "Pepper", "Clove", "Mint", "Almond", "Fennel",
)  # fmt: skip
FAMILY_SIZES = (1, 2, 1, 3, 1, 4, 2)

ALIKE = "Meera Demo-Lotus"  # two patients have exactly this name
NEARLY_ALIKE = "Mira Demo-Lotus"
HOSTILE_NAMES = (
    "**bold** [Demo](javascript:alert(1))",
    "<img src=x onerror=alert(1)> Demo",
    "Demo \u202egpj.nogard\u202c",  # a right-to-left override
    '=HYPERLINK("http://demo.invalid","Demo")',
    "Demo 😀🩺👩🏽‍⚕️",
    "Demo " + "Long" * 23 + "End",  # 100 characters, all that the column holds
    "Demo :red[red] $x^2$ :material/delete: `code`",
    "Demo\u0007Bell\nNewline\tTab",
    'O\'Demo "Quote"; DROP TABLE users; --',
    "डेमो आशा",  # nothing hostile about it, but no Latin letter either
)

CLINICS = ("Demo Neem Street Clinic", "Demo Lotus Lake Clinic", "Demo Banyan Road Clinic")
DOCTORS = (
    "Dr. Anand Demo-Kapoor",
    "Dr. Bhavna Demo-Iyer",
    "Dr. Cyrus Demo-Mistry",
    "Dr. Divya Demo-Nair",
    "Dr. Emmanuel Demo-Das",
    "Dr. Fatima Demo-Khan",
    "Dr. Gopal Demo-Rao",
    "Dr. Hina Demo-Shah",
    "Dr. Ishaan Demo-Bose",
    "Dr. Jyoti Demo-Gill",
)


def clinics() -> tuple[ClinicRow, ...]:
    """Return the three clinics; ADM001 to ADM003 run them."""
    return tuple(ClinicRow(f"CLN{n:03}", name, f"ADM{n:03}", True) for n, name in enumerate(CLINICS, 1))


def staff(rng: random.Random) -> tuple[User, ...]:
    """Return an admin for each clinic, then the doctors."""
    admins = [(f"ADM{n:03}", f"Demo Admin {n}", "admin") for n in range(1, len(CLINICS) + 1)]
    doctors = [(f"DOC{n:03}", name, "doctor") for n, name in enumerate(DOCTORS, 1)]
    ends = rng.sample(range(1000), len(admins) + len(doctors))  # patients' numbers end in 1000 to 9999
    return tuple(
        User(user_id, f"+916990{end:06}", f"{user_id.lower()}@demo.invalid", name, role, True)
        for (user_id, name, role), end in zip(admins + doctors, ends, strict=True)
    )


def patients(rng: random.Random) -> tuple[User, ...]:
    """Return 400 patients, PAT001 first. A family has one family name and the same last four digits."""
    special = [ALIKE, ALIKE, NEARLY_ALIKE, *HOSTILE_NAMES]
    places = rng.sample(range(PATIENTS), len(special))
    people = _families(rng)[: PATIENTS - len(special)]
    taken_ends = {end for _, end in people}
    ends = rng.sample([f"{end:04}" for end in range(1000, 10_000) if f"{end:04}" not in taken_ends], len(special))
    for place, name, end in sorted(zip(places, special, ends, strict=True)):
        people.insert(place, (name, end))
    phones: set[str] = set()
    users = []
    for number, (name, end) in enumerate(people, 1):
        while (phone := f"+9169{rng.randrange(2000, 9000):04}{end}") in phones:
            continue
        phones.add(phone)
        user_id = f"PAT{number:03}"
        email = f"{user_id.lower()}@demo.invalid" if number % 3 else None
        users.append(User(user_id, phone, email, name, "patient", number % 50 != 0))
    return tuple(users)


def _families(rng: random.Random) -> list[tuple[str, str]]:
    """Return names, each once, with the last four digits of their phone."""
    given = {family: rng.sample(GIVEN_NAMES, len(GIVEN_NAMES)) for family in FAMILY_NAMES}
    given["Lotus"].remove("Meera")  # that name is given twice, on purpose, elsewhere
    ends = rng.sample(range(1000, 10_000), PATIENTS)
    people: list[tuple[str, str]] = []
    number = 0
    while len(people) < PATIENTS:
        family = FAMILY_NAMES[number % len(FAMILY_NAMES)]
        for _ in range(FAMILY_SIZES[number % len(FAMILY_SIZES)]):
            people.append((f"{given[family].pop()} Demo-{family}", f"{ends[number]:04}"))
        number += 1
    return people
