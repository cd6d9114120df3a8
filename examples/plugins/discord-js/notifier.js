// Tells a Discord channel through its webhook, as an embed.
// `send` is given, so that tests need neither host nor component.

const schema = {
  type: 'object',
  properties: {
    webhook_url: {
      type: 'string',
      description: "The address of the channel's webhook, from its settings under Integrations.",
      writeOnly: true,
    },
    username: { type: 'string', description: 'The name that messages are shown under.' },
  },
  required: ['webhook_url'],
  additionalProperties: false,
};

const colours = { '🔴': 0xcf222e, '🟠': 0xbc4c00, '🟢': 0x1a7f37, '🔵': 0x0969da };

export const notifier = (send) => ({
  describe: () => ({
    name: 'discord',
    version: '0.1.0',
    summary: 'Tells a Discord channel',
    homepage: 'https://discord.com/developers/docs/resources/webhook',
    settingsSchema: JSON.stringify(schema),
    needs: [{ tag: 'http', val: '$webhook_url' }],
  }),

  check(text) {
    const settings = JSON.parse(text);
    const findings = checkKeys(settings);
    const url = settings.webhook_url;
    if (typeof url === 'string' && !/^https?:\/\/[^/]/.test(url)) {
      findings.push(error('/webhook_url', 'this is not the address of a webhook'));
    }
    return findings;
  },

  checkTarget() {
    throw 'a webhook posts to its own channel';
  },

  deliver(text, event, context) {
    const settings = JSON.parse(text);
    const body = { embeds: [embed(event, context)], allowed_mentions: { parse: [] } };
    if (settings.username) body.username = settings.username;
    post(send, settings.webhook_url, [['content-type', 'application/json']], body);
    return { reference: undefined, note: undefined };
  },
});

// Discord's limits: 256 letters for the title, 4,096 for the text, 2,048 for the footer.
export function embed(event, context) {
  const good = /\.(recovered|succeeded)$/.test(event.kind);
  const mark = { error: '🔴', warning: '🟠' }[event.severity] ?? (good ? '🟢' : '🔵');
  const times = event.folded ? ` ×${event.folded + 1}` : '';
  const sentence = (context.text ?? event.sentence).slice(0, 2000);
  // A block of code ends at three backticks, so the output may have none in a row.
  const tail = context.text ? '' : event.tail.join('\n').replaceAll('``', '`\u200b`').slice(-2000);
  const text = tail ? `${sentence}\n\`\`\`\n${tail}\n\`\`\`` : sentence;
  const embed = {
    title: `${mark} ${event.title.slice(0, 200)}${times}`.toWellFormed(),
    description: text.toWellFormed(),
    color: colours[mark],
    footer: { text: `${event.host} · ${event.atText}`.slice(0, 2048) },
  };
  if (event.link) embed.url = event.link;
  return embed;
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
