"""What Django, the admin and our own apps check before any command of `manage.py` runs."""

from django.core.management import call_command


def test_every_process_that_manage_py_starts_passes_its_checks() -> None:
    """The relay is such a process; a fault here, in the admin for example, would keep it from starting."""
    call_command("check", fail_level="WARNING")
