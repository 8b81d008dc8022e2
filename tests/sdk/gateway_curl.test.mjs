// curl before a gateway: what a client without a library sees on the wire, for every dialect on both sides.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { startGateway, upstreams } from './gateway.mjs';
import { answer, question } from './simulator.mjs';

const gateway = await startGateway();
const run = promisify(execFile);
const ask = (more) => ({ messages: [{ role: 'user', content: question }], ...more });

/** Each dialect: its address, its body, where the text is in an event and in a whole answer, and its last word. */
const clients = {
  chat: {
    path: () => '/v1/chat/completions',
    body: (model, stream) => ask({ model, stream }),
    delta: (event) => event.choices?.[0]?.delta?.content,
    text: (whole) => whole.choices[0].message.content,
    last: /data: \[DONE\]\n\n$/,
    isError: (body) => typeof body.error.message === 'string' && 'type' in body.error,
  },
  responses: {
    path: () => '/v1/responses',
    body: (model, stream) => ({ model, input: question, stream }),
    delta: (event) => (event.type === 'response.output_text.delta' ? event.delta : ''),
    text: (whole) => whole.output.flatMap((item) => item.content ?? []).map((part) => part.text ?? '').join(''),
    last: /"type":"response\.completed"/,
    isError: (body) => typeof body.error.message === 'string' && 'type' in body.error,
  },
  messages: {
    path: () => '/v1/messages',
    headers: ['anthropic-version: 2023-06-01'],
    body: (model, stream) => ask({ model, stream, max_tokens: 256 }),
    delta: (event) => (event.type === 'content_block_delta' ? event.delta.text : ''),
    text: (whole) => whole.content.map((block) => block.text ?? '').join(''),
    last: /event: message_stop\n/,
    isError: (body) => body.type === 'error' && typeof body.error.type === 'string',
  },
  gemini: {
    path: (model, stream) => `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: () => ({ contents: [{ role: 'user', parts: [{ text: question }] }] }),
    delta: (event) => (event.candidates?.[0]?.content?.parts ?? []).map((part) => part.text ?? '').join(''),
    text: (whole) => whole.candidates[0].content.parts.map((part) => part.text ?? '').join(''),
    last: /"finishReason":\s*"STOP"/,
    isError: (body) => typeof body.error.status === 'string' && typeof body.error.code === 'number',
  },
};

function curl(client, model, stream) {
  const headers = ['content-type: application/json', ...(client.headers ?? [])].flatMap((field) => ['-H', field]);
  const data = JSON.stringify(client.body(model, stream));
  return ['-sN', '--max-time', '20', '-D', '-', ...headers, '-d', data, gateway.origin + client.path(model, stream)];
}

/** Status, header fields and body of one request. */
async function exchange(client, model, stream) {
  const { stdout } = await run('curl', curl(client, model, stream));
  const end = stdout.indexOf('\r\n\r\n');
  const [first, ...fields] = stdout.slice(0, end).split('\r\n');
  return {
    status: Number(first.split(' ')[1]),
    headers: Object.fromEntries(fields.map((field) => [field.split(':')[0].toLowerCase(), field.split(': ')[1]])),
    body: stdout.slice(end + 4),
  };
}

const events = (body) =>
  body.replaceAll('\r\n', '\n').split('\n').filter((line) => line.startsWith('data: {')).map((line) => JSON.parse(line.slice(6)));

for (const [name, client] of Object.entries(clients)) {
  for (const upstream of upstreams) {
    describe(`${name} before ${upstream}`, () => {
      test('whole', async () => {
        const { status, headers, body } = await exchange(client, `${upstream}-ok`, false);
        assert.equal(status, 200);
        assert.match(headers['content-type'], /^application\/json/);
        assert.equal(client.text(JSON.parse(body)), answer);
        assert.equal(JSON.parse(body).sluice_metadata.provider, upstream);
        assert.equal(headers['x-sluice-target'], upstream);
      });

      test('streamed', async () => {
        const { status, headers, body } = await exchange(client, `${upstream}-ok`, true);
        assert.equal(status, 200);
        assert.match(headers['content-type'], /^text\/event-stream/);
        assert.equal(events(body).map((event) => client.delta(event) ?? '').join(''), answer);
        assert.match(body.replaceAll('\r\n', '\n'), client.last);
        assert.ok(events(body).some((event) => event.sluice_metadata?.provider === upstream));
      });

      test('an error is one of the dialect, with its status', async () => {
        for (const [model, expected] of [['429-retry-after', 429], ['400', 400], ['404', 404], ['503', 502]]) {
          for (const stream of [false, true]) {
            const { status, headers, body } = await exchange(client, `${upstream}-${model}`, stream);
            assert.equal(status, expected, model);
            assert.ok(client.isError(JSON.parse(body)), body);
            if (model === '429-retry-after') assert.ok(Number(headers['retry-after']) > 0, 'retry-after');
          }
        }
      });

      test('what was cut does not end as if it were whole', async () => {
        for (const model of ['cut', 'malformed', 'error-midstream']) {
          let body;
          try {
            ({ body } = await exchange(client, `${upstream}-${model}`, true));
          } catch (error) {
            body = error.stdout; // curl says that the transfer was not complete
            assert.equal(error.code, 18);
          }
          assert.doesNotMatch(body.replaceAll('\r\n', '\n'), client.last, model);
          assert.match(body, /error/, model);
        }
      });

      test('a client that is killed', async () => {
        await gateway.mustCancel(async () => {
          const child = spawn('curl', curl(client, `${upstream}-endless`, true), { stdio: ['ignore', 'pipe', 'ignore'] });
          for await (const chunk of child.stdout) if (chunk.includes('data: ')) break;
          const ended = once(child, 'exit');
          child.kill('SIGKILL');
          await ended;
        });
      });
    });
  }
}
