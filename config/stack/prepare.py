"""What has to be true before the first request: tables, static files, someone who can sign in, the demo shop.

Runs as a process of its own (`python -m config.stack.prepare`), so that the runner stays small and can end it.
"""

import argparse
import os
import secrets

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands

from config.stack.home import Home

ADMIN_USER = "admin"


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--demo", action="store_true", help="load the demo shop if it is not there yet")
    with_demo = arguments.parse_args().demo
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    settings.MESSAGE_FOLDER.mkdir(parents=True, exist_ok=True)
    call_command("check", tags=["database"], databases=["default"])
    call_command("migrate", interactive=False, verbosity=0)
    call_command("sync_roles", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    home = Home(settings.HOME)
    if with_demo and "till_key" not in home.remembered() and "load_demo" in get_commands():
        call_command("load_demo")
    if "admin_user" not in home.remembered():
        home.remember({"admin_user": ADMIN_USER, "admin_password": make_administrator()})


def make_administrator() -> str:
    """An account for the admin, or a new password for the one that is there. Answers with the password."""
    password = secrets.token_urlsafe(12)
    people = get_user_model()._default_manager
    person = people.filter(username=ADMIN_USER).first()
    if person is None:
        people.create_superuser(username=ADMIN_USER, email="", password=password)
    else:
        person.set_password(password)
        person.save()
    return password


if __name__ == "__main__":
    main()
