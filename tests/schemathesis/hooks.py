"""Who asks: the account that run.py made, with a session of its own where a request ends one."""

import os

import requests
import schemathesis

BASE, TOKEN = os.environ["BASE"], os.environ["TOKEN"]
PASSWORD = "SecurePass123"
ENDS_SESSIONS = {"/auth/logout", "/auth/logout-all", "/auth/sessions/{id}"}


def fresh_token(email):
    login = {"email": email, "password": PASSWORD}
    answer = requests.post(f"{BASE}/api/v1/auth/login", json=login, timeout=30)
    return answer.json()["data"]["token"]


@schemathesis.auth()
class Bearer:
    def get(self, case, ctx):
        return TOKEN

    def set(self, case, data, ctx):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(ctx, case, kwargs):
    is_own = (case.headers or {}).get("Authorization") == f"Bearer {TOKEN}"
    if is_own and case.operation.path in ENDS_SESSIONS:
        # A separate user signs out everywhere, so that the others can continue.
        is_all = case.operation.path == "/auth/logout-all"
        email = "eve@example.com" if is_all else "ada@example.com"
        case.headers["Authorization"] = f"Bearer {fresh_token(email)}"


def holds_empty(value):
    """Whether an empty string is in a body or a query."""
    if isinstance(value, dict):
        return any(map(holds_empty, value.values()))
    if isinstance(value, list):
        return any(map(holds_empty, value))
    return value == ""


@schemathesis.hook
def filter_case(ctx, case):
    # In an optional field an empty string means "not given", which is more than the schemas
    # promise.
    return not holds_empty(case.body) and not holds_empty(case.query)
