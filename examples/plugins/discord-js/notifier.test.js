import assert from 'node:assert/strict';
import test from 'node:test';
import { embed, notifier } from './notifier.js';

const settings = JSON.stringify({ webhook_url: 'https://discord.com/api/webhooks/1/x' });
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
  const [shown] = sent[0].body.embeds;
  assert.equal(shown.title, '🔴 backup failed ×3');
  assert.match(shown.description, /```\ndumping\ndisk full\n```/);
  assert.equal(shown.color, 0xcf222e);
  assert.deepEqual(sent[0].body.allowed_mentions, { parse: [] });
});

test('each answer means what it says', () => {
  for (const [status, tag] of [[401, 'config'], [422, 'rejected'], [429, 'retry'], [500, 'retry']]) {
    const { plugin } = answering(status, [['retry-after', '7']]);
    assert.throws(() => plugin.deliver(settings, failed, context), (thrown) => thrown.tag === tag);
  }
  const denied = notifier(() => { throw { payload: { tag: 'denied', val: 'not granted' } }; });
  assert.throws(() => denied.deliver(settings, failed, context), { tag: 'config', val: 'not granted' });
});

test('an embed keeps the limits of Discord, and no output ends its block', () => {
  const long = { ...failed, title: 'x'.repeat(300), sentence: 'y'.repeat(9000), tail: ['`'.repeat(2700)] };
  const { title, description } = embed(long, context);
  assert.ok(title.length <= 256 && description.length <= 4096);
  assert.equal(description.split('```').length, 3);
  assert.equal(embed(long, { ...context, text: 'look' }).description, 'look');
});

test('wrong settings are told at their place', () => {
  const { plugin } = answering(200);
  const found = (value) => plugin.check(JSON.stringify(value)).map((finding) => finding.pointer);
  assert.deepEqual(found({ webhook_url: 'https://example.com' }), []);
  assert.deepEqual(found({ webhook_url: 'example.com', user: 'x' }), ['/user', '/webhook_url']);
  assert.deepEqual(found({}), ['']);
});
