"""A real mail server for the tests: aiosmtpd, plain, with STARTTLS or with TLS, with a login, and with failures on demand.

Usage: foreign_smtp.py JSON, with {"mode": "none" | "starttls" | "tls", "cert", "key", "user", "password"}. Prints its port, then
one line of JSON for each message that it takes. A recipient that begins with "full" is refused with 452, "gone" with 550, and
the data of one that begins with "slow" is never answered.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Handler:
    def __init__(self, mode):
        self.mode = mode

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("full"):
            return "452 4.2.2 The mailbox is full"
        if address.startswith("gone"):
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if envelope.rcpt_tos[0].startswith("slow"):
            await asyncio.sleep(3600)
        message = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.content.decode("utf-8", "replace"),
            "tls": self.mode == "tls" or session.ssl is not None,
            "login": session.auth_data.login.decode() if session.auth_data else None,
        }
        print(json.dumps(message), flush=True)
        return "250 2.0.0 taken as 4711"


async def main():
    wanted = json.loads(sys.argv[1])
    context = None
    if wanted["mode"] != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(wanted["cert"], wanted["key"])

    def authenticate(server, session, envelope, mechanism, data):
        right = isinstance(data, LoginPassword) and data.password.decode() == wanted.get("password")
        return AuthResult(success=right, handled=right, auth_data=data)

    def session():
        return SMTP(
            Handler(wanted["mode"]),
            tls_context=context if wanted["mode"] == "starttls" else None,
            require_starttls=wanted["mode"] == "starttls",
            authenticator=authenticate,
            auth_required="password" in wanted,
            auth_require_tls=wanted["mode"] == "starttls",
        )

    server = await asyncio.get_running_loop().create_server(
        session, "127.0.0.1", 0, ssl=context if wanted["mode"] == "tls" else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    # Ends with the test, which closes our input.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
