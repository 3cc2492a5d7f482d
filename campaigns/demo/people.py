"""Made-up people for pseudonymous households. Their names are herbs and household goods, so that nobody takes them for
real; phones are of the range 555-01xx that is kept free for fiction, e-mails of example.com."""

from datetime import date, timedelta

GIVEN = (
    "Basil",
    "Clementine",
    "Olive",
    "Sage",
    "Saffron",
    "Juniper",
    "Rosemary",
    "Barley",
    "Clover",
    "Fennel",
    "Hazel",
    "Ginger",
    "Poppy",
    "Sorrel",
    "Linden",
    "Marigold",
    "Aspen",
    "Bramble",
    "Cedar",
    "Damson",
    "Elder",
    "Fern",
    "Heather",
    "Ivy",
    "Laurel",
    "Myrtle",
    "Nettle",
    "Quince",
    "Rowan",
    "Tansy",
)
FAMILY = (
    "Teapot",
    "Thimble",
    "Butterscotch",
    "Quillfeather",
    "Larkspur",
    "Marmalade",
    "Pepperpot",
    "Candlewick",
    "Buttonhook",
    "Saucepan",
    "Honeycomb",
    "Pincushion",
    "Ladlesworth",
    "Dumpling",
    "Whiskerton",
)
AREAS = ("212", "646")
BIRTHDAYS_FROM = date(1948, 3, 1)
DAYS_OF_BIRTH = 20_000


def person_of(number: int, household: str, first_at: str) -> dict[str, str]:
    """A row of our own members' format.

    :param number: 0 to 199, a person each.
    :param first_at: the household's first purchase; it was enrolled then.
    """
    given, family = GIVEN[number % len(GIVEN)], FAMILY[number // len(GIVEN) + number % 3 * 5]
    born = BIRTHDAYS_FROM + timedelta(days=number * 7_919 % DAYS_OF_BIRTH)
    return {
        "external": f"completejourney:{household}",
        "phone": f"+1{AREAS[number // 100]}55501{number % 100:02}",
        "email": f"{given}.{family}.{number}@example.com".lower(),
        "given_name": given,
        "family_name": family,
        "language": "en",
        "birth_date": born.isoformat() if number % 10 else "",
        "enrolled_at": first_at,
        "consent_email_marketing": "no" if number % 5 == 4 else "yes",
        "consent_inbox_marketing": "no" if number % 10 == 9 else "yes",
        "consent_email_points": "yes",
        "consent_inbox_points": "yes",
    }
