"""What the tests of campaigns share."""

import pytest

from tests.campaigns.factories import Shop, open_shop


@pytest.fixture
def shop() -> Shop:
    return open_shop()
