import assert from 'node:assert/strict';
import test from 'node:test';
import { message, notifier } from './notifier.js';

const settings = JSON.stringify({ url: 'https://example.com/hook', token: 't' });
const context = { deliveryId: 'd', attempt: 1 };
const failed = {
  id: 'e', kind: 'run.failed', severity: 'error', at: 0n, atText: '2026-11-24 13:32:22 CET',
  host: 'web-1', title: 'backup failed', sentence: 'backup failed on web-1: exited with code 2',
  consecutiveFailures: 3, folded: 2, tail: ['dumping', 'disk full'], facts: [],
};

const answering = (status, headers = []) => {
  const sent = [];
  const send = (request) => {
    sent.push({ ...request, body: JSON.parse(new TextDecoder().decode(request.body)) });
    return { status, headers, body: new Uint8Array() };
  };
  return { sent, plugin: notifier(send) };
};

test('a failure is posted', () => {
  const { sent, plugin } = answering(200);
  plugin.deliver(settings, failed, context);
  assert.equal(sent[0].body.title, '🔴 backup failed ×3');
  assert.match(sent[0].body.text, /disk full/);
  assert.deepEqual(sent[0].headers[1], ['authorization', 'Bearer t']);
});

test('each answer means what it says', () => {
  for (const [status, tag] of [[401, 'config'], [422, 'rejected'], [429, 'retry'], [500, 'retry']]) {
    const { plugin } = answering(status, [['retry-after', '7']]);
    assert.throws(() => plugin.deliver(settings, failed, context), (thrown) => thrown.tag === tag);
  }
  const denied = notifier(() => { throw { payload: { tag: 'denied', val: 'not granted' } }; });
  assert.throws(() => denied.deliver(settings, failed, context), { tag: 'config', val: 'not granted' });
});

test('a text is never longer than it may be', () => {
  const long = { ...failed, tail: Array(50).fill('x'.repeat(300)) };
  for (const longest of [0, 10, 80, 4000]) {
    assert.ok(message(long, context, longest).text.length <= longest);
  }
});

test('wrong settings are told at their place', () => {
  const { plugin } = answering(200);
  const found = (value) => plugin.check(JSON.stringify(value)).map((finding) => finding.pointer);
  assert.deepEqual(found({ url: 'https://example.com' }), []);
  assert.deepEqual(found({ url: 'example.com', tokn: 'x' }), ['/tokn', '/url']);
  assert.deepEqual(found({}), ['']);
});
