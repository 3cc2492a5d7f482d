import pytest
from hypothesis import given, strategies as st

from omnichannel.rules.gtin import check_digit, is_gtin
from tests.omnichannel import barcodes


@pytest.mark.parametrize("barcode", barcodes.RIGHT)
def test_real_barcodes_are_gtins(barcode: str) -> None:
    assert is_gtin(barcode)


@pytest.mark.parametrize("barcode", barcodes.WRONG_CHECK_DIGIT)
def test_a_wrong_check_digit_is_seen(barcode: str) -> None:
    assert not is_gtin(barcode)


@pytest.mark.parametrize(
    "barcode", [*barcodes.WRONG_LENGTH, "4006381333931 ", "400638133393x", "٤٠٠٦٣٨١٣٣٣٩٣١"]
)
def test_what_is_no_8_12_13_or_14_digits_is_no_gtin(barcode: str) -> None:
    assert not is_gtin(barcode)


@given(st.sampled_from([7, 11, 12, 13]).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)))
def test_exactly_one_digit_completes_a_gtin(digits: str) -> None:
    assert [d for d in "0123456789" if is_gtin(digits + d)] == [check_digit(digits)]


@given(
    st.text("0123456789", min_size=12, max_size=12),
    st.integers(min_value=0, max_value=12),
    st.integers(min_value=1, max_value=9),
)
def test_every_single_mistyped_digit_is_seen(digits: str, at: int, off_by: int) -> None:
    barcode = digits + check_digit(digits)
    mistyped = barcode[:at] + str((int(barcode[at]) + off_by) % 10) + barcode[at + 1 :]

    assert not is_gtin(mistyped)
