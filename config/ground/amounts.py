"""Amounts and points in words. Money is minor units of an ISO 4217 currency."""

from decimal import Decimal

ZERO_DECIMALS = frozenset(
    {"JPY", "KRW", "VND", "CLP", "ISK", "XAF", "XOF", "PYG", "UGX", "RWF", "KMF", "GNF", "DJF", "VUV"}
)
THREE_DECIMALS = frozenset({"KWD", "BHD", "OMR", "JOD", "TND", "IQD", "LYD"})


def decimals(currency: str) -> int:
    """Digits behind the point in this currency (ISO 4217 minor unit).

    >>> decimals("USD"), decimals("JPY")
    (2, 0)
    """
    if currency in ZERO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


def money(minor: int, currency: str) -> str:
    """An amount as people read it, exact.

    >>> money(123_456, "USD")
    '1,234.56 USD'
    """
    digits = decimals(currency)
    sign, minor = ("-", -minor) if minor < 0 else ("", minor)
    if digits == 0:
        return f"{sign}{minor:,} {currency}"
    whole, rest = divmod(minor, 10**digits)
    return f"{sign}{whole:,}.{rest:0{digits}} {currency}"


def minor_of(amount: Decimal, currency: str) -> int:
    """Minor units of an amount that somebody typed, exact.

    >>> minor_of(Decimal("12.5"), "USD")
    1250

    :raises ValueError: it has more digits behind the point than the currency.
    """
    minor = amount.scaleb(decimals(currency))
    if minor != minor.to_integral_value():
        raise ValueError(f"{currency} has {decimals(currency)} digits behind the point.")
    return int(minor)


def major_of(minor: int, currency: str) -> Decimal:
    """An amount as people type it.

    >>> major_of(1250, "USD")
    Decimal('12.50')
    """
    return Decimal(minor).scaleb(-decimals(currency))
