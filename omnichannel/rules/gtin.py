"""Barcodes: GTIN-8, -12 (UPC), -13 (EAN) and -14, checked by their last digit (GS1 General Specifications, 7.9)."""

LENGTHS = (8, 12, 13, 14)


def is_gtin(text: str) -> bool:
    """Whether the text is a GTIN with the right check digit. Leading zeros count.

    >>> is_gtin("4006381333931"), is_gtin("4006381333930")
    (True, False)
    """
    if len(text) not in LENGTHS or not (text.isascii() and text.isdigit()):
        return False
    return check_digit(text[:-1]) == text[-1]


def check_digit(digits: str) -> str:
    """The digit that completes a GTIN: from the right, digits weigh 3, 1, 3, 1 ..., and all sum to a multiple of 10."""
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)
