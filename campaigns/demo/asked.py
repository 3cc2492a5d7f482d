"""What the demo shop asks its members, and why; told in Persian and Chinese too."""

from members.rules.attributes import Attribute, Choice
from members.services.attributes import Translation, declare_attribute


def declare_what_is_asked() -> None:
    """Safe to repeat: what is declared already stays as it is."""
    for declared, words in ASKED:
        declare_attribute(declared, words=words)


def _choices(*values: str) -> tuple[Choice, ...]:
    return tuple(Choice(value, value) for value in values)


ASKED: tuple[tuple[Attribute, dict[str, Translation]], ...] = (
    (
        Attribute(
            code="diet",
            label="What you do not eat",
            why="So that we offer you nothing that you cannot eat.",
            kind="many_of",
            choices=_choices("meat", "fish", "milk", "gluten", "nuts"),
            seen_by="personal",
            is_asked_for=True,
        ),
        {
            "fa": Translation(
                "چه نمی‌خورید",
                "تا چیزی را که نمی‌توانید بخورید پیشنهاد نکنیم.",
                ("گوشت", "ماهی", "شیر", "گلوتن", "آجیل"),
            ),
            "zh-Hant": Translation(
                "您不吃什麼", "不向您推薦您不能吃的東西。", ("肉", "魚", "奶", "麩質", "堅果")
            ),
        },
    ),
    (
        Attribute(
            code="pets",
            label="Who lives with you",
            why="To tell you of offers for them, and to spare you those for others.",
            kind="many_of",
            choices=_choices("dog", "cat", "bird", "fish"),
            is_asked_for=True,
        ),
        {
            "fa": Translation(
                "چه حیوانی با شماست",
                "تا فقط پیشنهادهای مربوط به آن را بگوییم.",
                ("سگ", "گربه", "پرنده", "ماهی"),
            ),
            "zh-Hant": Translation("與您同住的寵物", "只告訴您適合牠們的優惠。", ("狗", "貓", "鳥", "魚")),
        },
    ),
    (
        Attribute(
            code="at_table",
            label="How many eat at your table",
            why="To propose packs of the right size.",
            kind="number",
        ),
        {
            "fa": Translation("چند نفر سر سفره‌اید", "تا بسته‌ای به اندازه پیشنهاد کنیم."),
            "zh-Hant": Translation("一起吃飯的人數", "推薦合適份量的包裝。"),
        },
    ),
)
