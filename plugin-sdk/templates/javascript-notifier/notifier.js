// Posts a message to an address, as JSON with a title and a text.
// `send` is given, so that tests need neither host nor component.

const schema = {
  type: 'object',
  properties: {
    url: { type: 'string', description: 'Where messages are posted.' },
    token: {
      type: 'string',
      description: 'Sent as a bearer token, where the far side wants one.',
      writeOnly: true,
    },
  },
  required: ['url'],
  additionalProperties: false,
};

export const notifier = (send) => ({
  describe: () => ({
    name: 'plugin-name',
    version: '0.1.0',
    summary: 'Posts messages to an address',
    homepage: undefined,
    settingsSchema: JSON.stringify(schema),
    needs: [{ tag: 'http', val: '$url' }],
  }),

  check(text) {
    const settings = JSON.parse(text);
    const findings = checkKeys(settings);
    if (typeof settings.url === 'string' && !/^https?:\/\/[^/]/.test(settings.url)) {
      findings.push(error('/url', 'this is not the address of a server'));
    }
    return findings;
  },

  checkTarget() {
    throw 'this notifier has no targets';
  },

  deliver(text, event, context) {
    const settings = JSON.parse(text);
    const headers = [['content-type', 'application/json']];
    if (settings.token) headers.push(['authorization', `Bearer ${settings.token}`]);
    post(send, settings.url, headers, message(event, context));
    return { reference: undefined, note: undefined };
  },
});

// A title and a text for people; a text of the user's own route goes before ours.
export function message(event, context, longest = 4000) {
  const good = /\.(recovered|succeeded)$/.test(event.kind);
  const mark = { error: '🔴', warning: '🟠' }[event.severity] ?? (good ? '🟢' : '🔵');
  const times = event.folded ? ` ×${event.folded + 1}` : '';
  const title = `${mark} ${event.title}${times}`;
  if (context.text) return { title, text: context.text.slice(0, longest).toWellFormed() };
  const foot = [event.link, `${event.host} · ${event.atText}`].filter(Boolean).join('\n');
  const left = Math.max(longest - event.sentence.length - foot.length - 4, 0);
  const tail = left ? event.tail.join('\n').slice(-left) : '';
  const text = [event.sentence, tail, foot].filter(Boolean).join('\n\n').slice(0, longest);
  // A cut may go through the middle of a letter that takes two places.
  return { title, text: text.toWellFormed() };
}

// Sends a request and says what its failure means for the delivery.
function post(send, url, headers, value) {
  const body = new TextEncoder().encode(JSON.stringify(value));
  let response;
  try {
    response = send({ method: 'POST', url, headers, body, timeoutMs: undefined });
  } catch (failed) {
    const { tag, val } = failed.payload ?? failed;
    if (tag === 'denied' || tag === 'invalid') throw { tag: 'config', val };
    throw { tag: 'retry', val: { message: String(val ?? tag), afterSeconds: undefined } };
  }
  const { status } = response;
  if (status >= 200 && status < 300) return;
  const why = `the server answered ${status}`;
  if ([408, 425, 429].includes(status) || status >= 500) {
    const wait = Math.ceil(Number(Object.fromEntries(response.headers)['retry-after']));
    throw { tag: 'retry', val: { message: why, afterSeconds: wait > 0 ? wait : undefined } };
  }
  const config = [401, 403, 404, 410].includes(status) || status < 400;
  throw { tag: config ? 'config' : 'rejected', val: why };
}

// What the schema says about keys: which are missing, unknown, or no text.
function checkKeys(settings) {
  const known = schema.properties;
  const findings = [];
  for (const [key, value] of Object.entries(settings)) {
    if (!(key in known)) {
      const help = `Known keys are ${Object.keys(known).join(', ')}.`;
      findings.push(error(`/${key}`, `unknown key \`${key}\``, help));
    } else if (typeof value !== 'string') {
      findings.push(error(`/${key}`, 'expected a string'));
    }
  }
  for (const key of schema.required) {
    if (!(key in settings)) findings.push(error('', `\`${key}\` is missing`));
  }
  return findings;
}

const error = (pointer, message, help) => ({ severity: 'error', pointer, message, help });
