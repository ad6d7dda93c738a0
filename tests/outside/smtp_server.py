"""An SMTP server for the tests: TLS and a password are required, mails become files.

Usage: smtp_server.py PORT CERT KEY FOLDER USER PASSWORD

Prints its port once it listens. Each mail is written to FOLDER as it came, below a line with its
envelope. Recipients that begin with "refused" are refused for good, "later" for now.
"""

import os
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

port, cert, key, folder, user, password = sys.argv[1:]


class Folder:
    def __init__(self):
        self.lock = threading.Lock()
        self.count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 5.1.1 nobody of that name here"
        if address.startswith("later"):
            return "451 4.7.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        with self.lock:
            self.count += 1
            name = f"{os.getpid()}-{self.count:06}.eml"
        draft = os.path.join(folder, name + ".new")
        with open(draft, "wb") as file:
            tls = "tls" if session.ssl else "plain"
            recipients = ",".join(envelope.rcpt_tos)
            file.write(f"{envelope.mail_from} {recipients} {tls}\n".encode())
            file.write(envelope.original_content)
        os.rename(draft, os.path.join(folder, name))
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    right = data.login == user.encode() and data.password == password.encode()
    return AuthResult(success=right, handled=right)


class TlsController(Controller):
    def factory(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return SMTP(
            self.handler,
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=authenticate,
        )


controller = TlsController(Folder(), hostname="127.0.0.1", port=int(port))
controller.start()
print(controller.server.sockets[0].getsockname()[1], flush=True)
# Ends with the test that started it.
sys.stdin.read()
controller.stop()
