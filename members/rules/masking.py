"""How personal data looks to those who may not see it: enough to recognise what one knows already, and no more."""

HIDDEN = "•••"


def masked(kind: str, value: str) -> str:
    """An identity without what makes it useful to a stranger; of `words`, in which anything may stand, nothing.

    >>> masked("phone", "+12125550142"), masked("email", "ada@example.com"), masked("card", "2912345678901")
    ('+1•••42', 'a•••@example.com', '•••8901')
    """
    if kind == "phone":
        return f"{value[:2]}{HIDDEN}{value[-2:]}"
    if kind == "email":
        local, _, domain = value.rpartition("@")
        return f"{local[:1]}{HIDDEN}@{domain}"
    if kind == "words":
        return HIDDEN
    return f"{HIDDEN}{value[-4:]}" if len(value) > 8 else HIDDEN


def masked_name(name: str) -> str:
    """A name by its initials.

    >>> masked_name("Ada Lovelace"), masked_name("")
    ('A••• L•••', '•••')
    """
    return " ".join(f"{word[0]}{HIDDEN}" for word in name.split()) or HIDDEN
