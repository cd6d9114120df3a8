"""Posts a message to an address, as JSON with a title and a text."""

import difflib
import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.notifier_api import (
    Failure_Config,
    Failure_Rejected,
    Failure_Retry,
    Later,
    Receipt,
)
from wit_world.imports import http, types

SCHEMA = {
    "type": "object",
    "properties": {
        "url": {"type": "string", "description": "Where messages are posted."},
        "token": {
            "type": "string",
            "description": "Sent as a bearer token, where the far side wants one.",
            "writeOnly": True,
        },
    },
    "required": ["url"],
    "additionalProperties": False,
}


class NotifierApi(exports.NotifierApi):
    def describe(self):
        return types.Descriptor(
            name="plugin-name",
            version="0.1.0",
            summary="Posts messages to an address",
            homepage=None,
            settings_schema=json.dumps(SCHEMA),
            needs=[types.Need_Http("$url")],
        )

    def check(self, settings):
        settings = json.loads(settings)
        findings = check_keys(settings)
        url = settings.get("url")
        if isinstance(url, str) and not url.startswith(("https://", "http://")):
            findings.append(error("/url", "this is not the address of a server"))
        return findings

    def check_target(self, settings, target):
        raise Err("this notifier has no targets")

    def deliver(self, settings, event, context):
        settings = json.loads(settings)
        title, text = message(event, context)
        headers = [("content-type", "application/json")]
        if "token" in settings:
            headers.append(("authorization", f"Bearer {settings['token']}"))
        body = json.dumps({"title": title, "text": text}).encode()
        post(settings["url"], headers, body)
        return Receipt(reference=None, note=None)


def message(event, context, longest=4000):
    """A title and a text for people; a text of the user's own route goes before ours."""
    recovered = event.kind.endswith((".recovered", ".succeeded"))
    mark = {types.Severity.ERROR: "🔴", types.Severity.WARNING: "🟠"}.get(
        event.severity, "🟢" if recovered else "🔵"
    )
    times = f" ×{event.folded + 1}" if event.folded else ""
    title = f"{mark} {event.title}{times}"
    if context.text:
        return title, context.text[:longest]
    foot = "\n".join(filter(None, [event.link, f"{event.host} · {event.at_text}"]))
    left = max(longest - len(event.sentence) - len(foot) - 4, 0)
    tail = "\n".join(event.tail)[-left:] if left else ""
    parts = [event.sentence, tail, foot]
    return title, "\n\n".join(part for part in parts if part)[:longest]


def post(url, headers, body):
    """Sends a request and says what its failure means for the delivery."""
    try:
        response = http.send(http.Request("POST", url, headers, body, None))
    except Err as failed:
        why = str(failed.value.value)
        if isinstance(failed.value, (http.Error_Denied, http.Error_Invalid)):
            raise Err(Failure_Config(why))
        raise Err(Failure_Retry(Later(why, None)))
    if 200 <= response.status < 300:
        return response
    why = f"the server answered {response.status}"
    if response.status in (408, 425, 429) or response.status >= 500:
        wait = dict(response.headers).get("retry-after", "")
        raise Err(Failure_Retry(Later(why, int(wait) if wait.isdigit() else None)))
    if response.status in (401, 403, 404, 410) or response.status < 400:
        raise Err(Failure_Config(why))
    raise Err(Failure_Rejected(why))


def check_keys(settings):
    """What the schema says about keys: which are missing, unknown, or no text."""
    known = SCHEMA["properties"]
    findings = []
    for key, value in settings.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"Did you mean `{near[0]}`?" if near else f"Known keys are {', '.join(known)}."
            findings.append(error(f"/{key}", f"unknown key `{key}`", hint))
        elif not isinstance(value, str):
            findings.append(error(f"/{key}", "expected a string"))
    for key in SCHEMA["required"]:
        if key not in settings:
            findings.append(error("", f"`{key}` is missing"))
    return findings


def error(pointer, text, hint=None):
    return types.Finding(types.Severity.ERROR, pointer, text, hint)
