"""What members read about what they can choose: what each thing is called, and why it is used."""

from django.utils.translation import gettext_lazy

from members.rules.consents import Channel, Purpose

TEXT_VERSION = "preference-page-1"
"""The version of the words about consent below; change it with them. It stands with the evidence, and the language
after it."""

PURPOSES = {
    Purpose.MARKETING: gettext_lazy("news and offers"),
    Purpose.POINTS: gettext_lazy("news of your points"),
    Purpose.SERVICE: gettext_lazy("service messages"),
    Purpose.SURVEYS: gettext_lazy("surveys"),
    Purpose.PROFILING: gettext_lazy("messages chosen for you"),
}
"""Within a sentence."""

TITLES = {
    Purpose.MARKETING: gettext_lazy("News and offers"),
    Purpose.POINTS: gettext_lazy("News of your points"),
    Purpose.SERVICE: gettext_lazy("Service messages"),
    Purpose.SURVEYS: gettext_lazy("Surveys"),
    Purpose.PROFILING: gettext_lazy("Messages chosen for you"),
}

WHY = {
    Purpose.MARKETING: gettext_lazy("To tell you what is new and what you get for less."),
    Purpose.POINTS: gettext_lazy("To tell you before points run out, and when you reach a new tier."),
    Purpose.SERVICE: gettext_lazy("To tell you about changes in our stores and of what you use."),
    Purpose.SURVEYS: gettext_lazy("To ask how we did. You need not answer."),
    Purpose.PROFILING: gettext_lazy("To choose by what you bought, so that less comes that is not for you."),
}

CHANNELS = {
    Channel.EMAIL: gettext_lazy("e-mail"),
    Channel.SMS: gettext_lazy("SMS"),
    Channel.PUSH: gettext_lazy("push message"),
    Channel.CHAT: gettext_lazy("chat"),
    Channel.INBOX: gettext_lazy("the app's inbox"),
    Channel.MAIL: gettext_lazy("letter"),
    Channel.PHONE: gettext_lazy("phone"),
}

FREQUENCIES = {
    "any": gettext_lazy("Whenever there is something"),
    "weekly": gettext_lazy("At most once a week"),
    "monthly": gettext_lazy("At most once a month"),
    "never": gettext_lazy("Not at all"),
}

LANGUAGES = {
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "de": "Deutsch",
    "fa": "فارسی",
    "ja": "日本語",
    "zh-Hans": "简体中文",
    "zh-Hant": "繁體中文",
}
"""Languages to choose from, as those call them who speak them."""
