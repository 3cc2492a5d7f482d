"""A till in a process of its own: sends the requests it is given, one after another, and says what was answered.

Reads `{"key": ..., "requests": [[path, body], ...]}` from the file named; writes `[[status, body], ...]`.
"""

import json
import os
import sys

import django
from django.test import Client


def main() -> None:
    with open(sys.argv[1]) as file:
        told = json.load(file)
    client = Client(headers={"Authorization": f"Bearer {told['key']}"})
    answers = []
    for number, (path, body) in enumerate(told["requests"]):
        answer = client.post(
            f"/api/v1/{path}",
            body,
            content_type="application/json",
            headers={"Idempotency-Key": f"process-{os.getpid()}-{number}"},
        )
        answers.append([answer.status_code, answer.json()])
    sys.stdout.write(json.dumps(answers))


if __name__ == "__main__":
    django.setup()
    main()
