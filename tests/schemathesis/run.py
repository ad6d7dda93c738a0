#!/usr/bin/env python3
"""Holds the running program to its two OpenAPI documents.

    tests/schemathesis/run.py target/debug/freelanceos [EXAMPLES]

Starts the program in a folder of its own, makes an account with one of everything, and has
Schemathesis send what the documents allow and what they forbid, in every order: no answer may be
a failure of the server, or have a status, type or body that its document does not name. The seed
is fixed, so what was found once is found again.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

SEED = "20260318"
HERE = Path(__file__).resolve().parent
# A schema cannot express some rules (an id must belong to the account, a code must be the mailed
# one). Violations get 400, so a body that matches its schema may be refused.
LEFT_OUT = "positive_data_acceptance"


def schemathesis():
    """The installed program."""
    tools = subprocess.run([HERE.parent / "tools" / "install"], check=True, stdout=subprocess.PIPE)
    return Path(tools.stdout.decode().strip()) / "schemathesis"


class Server:
    """The program, listening on a port of its own."""

    def __init__(self, binary, folder):
        settings = {"LISTEN": "127.0.0.1:0", "RATE_LIMIT": "off", "PATH": os.environ["PATH"]}
        self.folder, self.log = Path(folder), open(Path(folder) / "log", "w+")
        self.process = subprocess.Popen(
            [Path(binary).resolve(), "serve"], cwd=folder, env=settings, stderr=subprocess.PIPE
        )
        for line in self.process.stderr:
            if found := re.search(rb"http://127\.0\.0\.1:(\d+)", line):
                self.base = f"http://127.0.0.1:{int(found[1])}"
                break
        else:
            sys.exit("the server does not start")
        # The rest of the log is kept for debugging.
        subprocess.Popen(["cat"], stdin=self.process.stderr, stdout=self.log)

    def ask(self, method, path, body=None, token=None):
        request = urllib.request.Request(self.base + path, method=method)
        request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(request, data, timeout=30) as answer:
            return json.load(answer)


def one_of_everything(server):
    """Makes an account with rows behind every route, and answers its token."""

    def post(path, body=None, method="POST"):
        return server.ask(method, path, body, token)

    # The first user is the one who signs out everywhere.
    for email in ("eve@example.com", "ada@example.com"):
        name = {"firstName": "Ada", "lastName": "Obi", "email": email}
        made = server.ask("POST", "/api/v1/auth/register", {**name, "password": "SecurePass123"})
        token = made["data"]["token"]
    client = post("/api/v1/clients", {"name": "Acme", "email": "acme@example.com"})["data"]["id"]
    about = {"clientId": client, "name": "Website", "status": "active", "deadline": "2026-12-01"}
    project = post("/api/v1/projects", about)["data"]["id"]
    post("/api/v1/milestones", {"projectId": project, "name": "Draft", "amount": 100})
    proposal = post("/api/v1/proposals", {"clientId": client, "title": "App", "amount": 900})
    post(f"/api/v1/proposals/{proposal['data']['id']}/send")
    for sent in (False, True):
        invoice = post("/api/v1/invoices", {"clientId": client, "amount": 250, "dueDate": "2026-12-31"})
        if sent:
            post(f"/api/v1/invoices/{invoice['data']['id']}/send")
            post(f"/api/v1/invoices/{invoice['data']['id']}/mark-paid")
    post("/v1/freelancer/profile", {"username": "ada", "title": "Developer"}, "PUT")
    post("/v1/freelancer/portfolio", {"title": "A website"})
    message = {"name": "Eve", "email": "eve@example.com", "message": "Hello"}
    post("/v1/public/freelancers/ada/messages", message)
    return token


def main():
    binary, examples = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "10"
    program, failed = schemathesis(), False
    with tempfile.TemporaryDirectory() as folder:
        server = Server(binary, folder)
        try:
            token = one_of_everything(server)
            for mount in ("/api/v1", "/v1"):
                command = [
                    program, "run", f"{server.base}{mount}/openapi.json",
                    "--phases", "examples,coverage,fuzzing,stateful",
                    "--exclude-checks", LEFT_OUT,
                    "--max-examples", examples,
                    "--seed", SEED,
                    "--generation-database", "none",
                    "--continue-on-failure",
                    "--warnings", "off",
                    "--no-color",
                ]
                hooks = {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "BASE": server.base, "TOKEN": token}
                failed |= subprocess.run(command, cwd=folder, env={**os.environ, **hooks}).returncode != 0
                if server.process.poll() is not None:
                    sys.exit("the server has ended")
        finally:
            server.process.terminate()
            server.process.wait()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
