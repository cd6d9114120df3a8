"""A real mail server for tests: plain, with STARTTLS or with TLS from the first byte, with AUTH PLAIN and LOGIN.

It listens on a free port of 127.0.0.1 and says what happens as JSON lines on standard output:

    {"ready": {"port": 40123}}
    {"message": {"sender": …, "recipients": […], "options": […], "tls": true, "user": "…"|null, "data": "…"}}
    {"scripted": 1}                         an order was taken
    {"refused": {"stage": "rcpt", "answer": "550 …"}}
    {"login": {"user": …, "mechanism": "PLAIN", "taken": true}}

The data of a message are its bytes, each as the character of that number.

Orders come as JSON lines on standard input. Each says what happens at a stage of the dialogue, so many times, instead
of what usually would; without `answer` the connection is cut there:

    {"stage": "rcpt", "answer": "451 4.7.1 come back later", "times": 2}
    {"stage": "message"}

Stages are `ehlo`, `auth`, `mail`, `rcpt`, `data` (the word, before any content) and `message` (all of it was read).
It ends when its standard input does, so it never outlives a test.
"""

import argparse
import asyncio
import json
import logging
import ssl
import sys
import threading
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def say(what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Script:
    """What is to happen at which stage, in the order in which it was told."""

    def __init__(self):
        self.orders = []
        self.told = 0

    def add(self, order):
        self.orders.append({"times": 1, **order})
        self.told += 1
        say({"scripted": self.told})

    def next(self, stage):
        for order in self.orders:
            if order["stage"] == stage and order["times"] > 0:
                order["times"] -= 1
                answer = order.get("answer")
                say({"refused": {"stage": stage, "answer": answer}})
                return order
        return None


class Server(SMTP):
    """aiosmtpd's server, which asks the script first."""

    def __init__(self, script, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.script = script

    async def interfere(self, stage):
        """Whether the script took over this stage."""
        order = self.script.next(stage)
        if order is None:
            return False
        answer = order.get("answer")
        if answer is None:
            self.transport.abort()
            return True
        await self.push(answer)
        if answer.startswith("421"):
            # RFC 5321, 4.2.3: the server says so and closes the channel.
            self.transport.close()
        return True

    async def smtp_EHLO(self, arg):
        if not await self.interfere("ehlo"):
            await super().smtp_EHLO(arg)

    async def smtp_AUTH(self, arg):
        if not await self.interfere("auth"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg):
        if not await self.interfere("mail"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg):
        if not await self.interfere("rcpt"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg):
        if not await self.interfere("data"):
            await super().smtp_DATA(arg)


class Recorder:
    def __init__(self, script):
        self.script = script

    async def handle_DATA(self, server, session, envelope):
        order = self.script.next("message")
        if order is not None:
            answer = order.get("answer")
            if answer is None:
                server.transport.abort()
                return "421 gone"
            return answer
        login = session.auth_data
        say(
            {
                "message": {
                    "sender": envelope.mail_from,
                    "recipients": envelope.rcpt_tos,
                    "options": envelope.mail_options,
                    "tls": session.ssl is not None
                    or server.transport.get_extra_info("sslcontext") is not None,
                    "user": login.login.decode() if login else None,
                    "data": envelope.original_content.decode("latin-1"),
                }
            }
        )
        return "250 2.0.0 OK: queued as 4711"


def authenticator(user, password):
    def check(_server, _session, _envelope, mechanism, data):
        taken = isinstance(data, LoginPassword) and (data.login, data.password) == (
            user.encode(),
            password.encode(),
        )
        say({"login": {"user": getattr(data, "login", b"").decode(), "mechanism": mechanism, "taken": taken}})
        # `handled=False` lets the server itself answer 535.
        return AuthResult(success=taken, handled=False, auth_data=data if taken else None)

    return check


def follow(loop, script):
    """Reads orders until standard input ends, which ends the server."""
    for line in sys.stdin:
        loop.call_soon_threadsafe(script.add, json.loads(line))
    loop.call_soon_threadsafe(loop.stop)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--security", choices=["none", "starttls", "tls"], default="none")
    arguments.add_argument("--certificate")
    arguments.add_argument("--key")
    arguments.add_argument("--user")
    arguments.add_argument("--password")
    arguments.add_argument("--mechanism", choices=["PLAIN", "LOGIN"], action="append")
    given = arguments.parse_args()
    # aiosmtpd warns of logins without TLS; that is what some tests are about.
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)

    context = None
    if given.security != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(given.certificate, given.key)

    script = Script()
    options = {"enable_SMTPUTF8": True, "hostname": "mail.test", "data_size_limit": 8 << 20}
    if given.security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if given.user is not None:
        options |= {
            "auth_required": True,
            # Without TLS a login is offered nevertheless: a test wants to see that none is sent. With TLS from the first
            # byte aiosmtpd does not know that it is there.
            "auth_require_tls": given.security == "starttls",
            "auth_exclude_mechanism": {"LOGIN", "PLAIN"} - set(given.mechanism or ["LOGIN", "PLAIN"]),
            "authenticator": authenticator(given.user, given.password),
        }

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    server = loop.run_until_complete(
        loop.create_server(
            lambda: Server(script, Recorder(script), loop=loop, **options),
            "127.0.0.1",
            0,
            ssl=context if given.security == "tls" else None,
        )
    )
    say({"ready": {"port": server.sockets[0].getsockname()[1]}})
    threading.Thread(target=follow, args=(loop, script), daemon=True).start()
    loop.run_forever()


main()
