"""Tills, each a process of its own: they send the requests they are given one by one, and say what was answered.

Each file named is a till: it reads `{"key": ..., "requests": [[path, body], ...]}` from it, and writes
`[[status, body], ...]` to the file of that name with `.told`. Django is loaded once, and the process divided then;
each till has its own connection.
"""

import json
import os
import sys
import traceback
from pathlib import Path

import django
from django.test import Client


def main() -> int:
    django.setup()
    tills = []
    for file in sys.argv[1:]:
        process_id = os.fork()
        if process_id == 0:
            os._exit(_sell(Path(file)))
        tills.append(process_id)
    return max(os.waitstatus_to_exitcode(os.waitpid(till, 0)[1]) for till in tills)


def _sell(file: Path) -> int:
    """What a till does; its exit code."""
    try:
        told = json.loads(file.read_text())
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
        file.with_suffix(".told").write_text(json.dumps(answers))
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
