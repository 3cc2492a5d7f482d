"""Whose address counts, in a server of its own: the entry for web servers reads its settings once."""

import os
import subprocess
import sys

import pytest

ASK = """
from wsgiref.util import setup_testing_defaults
from config.wsgi import application
import config.staff.middleware as middleware

seen = []
inner = middleware.ForAdminOnly.__call__


def listening(self, request):
    seen.append(request.META["REMOTE_ADDR"])
    return inner(self, request)


middleware.ForAdminOnly.__call__ = listening
environ = {"REMOTE_ADDR": "10.0.0.7", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}
environ |= {"PATH_INFO": "/healthz", "HTTP_HOST": "localhost"}
setup_testing_defaults(environ)
application(environ, lambda *_answer: None)
print(seen[-1])
"""


@pytest.mark.parametrize(
    ("trusted", "address"), [("10.0.0.0/8", "203.0.113.9"), ("", "10.0.0.7"), ("192.0.2.1", "10.0.0.7")]
)
def test_a_proxy_is_believed_only_where_it_is_trusted(tmp_path: object, trusted: str, address: str) -> None:
    environ = {
        **os.environ,
        "TRUSTED_PROXIES": trusted,
        "REGULARS_HOME": str(tmp_path),
        "SECRET_KEY": "k" * 50,
    }

    run = subprocess.run(
        [sys.executable, "-c", ASK], env=environ, capture_output=True, text=True, check=False
    )

    assert run.stdout.split()[-1:] == [address], run.stderr
