"""Runs the plugin in plain Python: the host's functions are replaced, everything else is real."""

import json
import unittest
from unittest import mock

from componentize_py_types import Err
from wit_world.exports.notifier_api import Context, Event, Failure_Config, Failure_Retry
from wit_world.imports import http, types

import app

SETTINGS = json.dumps({"url": "https://push.example.com/", "token": "t"})
CONTEXT = Context(delivery_id="d", attempt=1, target=None, text=None, answers=None)


def failed():
    return Event(
        id="e", kind="run.failed", severity=types.Severity.ERROR, at=0,
        at_text="2026-11-24 13:32:22 CET", host="web-1", unit=None, run=None,
        title="backup failed", sentence="backup failed on web-1: exited with code 2",
        cause="exited with code 2", consecutive_failures=3, folded=2, since=None,
        lasted_ms=None, tail=["dumping", "disk full"], link=None, facts=[],
    )


def answering(status, headers=()):
    return mock.patch("app.http.send", return_value=http.Response(status, list(headers), b""))


class Test(unittest.TestCase):
    def test_a_failure_is_posted(self):
        with answering(200) as send:
            app.NotifierApi().deliver(SETTINGS, failed(), CONTEXT)
        request = send.call_args.args[0]
        self.assertEqual(json.loads(request.body)["title"], "🔴 backup failed ×3")
        self.assertEqual(request.url, "https://push.example.com/message")
        self.assertIn("disk full", json.loads(request.body)["message"])
        self.assertEqual(json.loads(request.body)["priority"], 8)
        self.assertIn(("x-gotify-key", "t"), request.headers)

    def test_each_answer_means_what_it_says(self):
        for status, kind in [(401, Failure_Config), (429, Failure_Retry), (500, Failure_Retry)]:
            with answering(status, [("retry-after", "7")]), self.assertRaises(Err) as raised:
                app.NotifierApi().deliver(SETTINGS, failed(), CONTEXT)
            self.assertIsInstance(raised.exception.value, kind)

    def test_a_text_is_never_longer_than_it_may_be(self):
        event = failed()
        event.tail = ["x" * 300] * 50
        for longest in (0, 10, 80, 4000):
            self.assertLessEqual(len(app.message(event, CONTEXT, longest)[1]), longest)

    def test_wrong_settings_are_told_at_their_place(self):
        def found(settings):
            return [finding.pointer for finding in app.NotifierApi().check(json.dumps(settings))]

        self.assertEqual(found({"url": "https://example.com", "token": "t"}), [])
        self.assertEqual(found({"url": "example.com", "tokn": "x"}), ["/tokn", "", "/url"])
        self.assertEqual(found({}), ["", ""])


if __name__ == "__main__":
    unittest.main()
