// The official `@anthropic-ai/sdk` package before a gateway, with providers of every dialect behind it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { results, startGateway, toolTurn, upstreams } from './gateway.mjs';
import { answer, calls, question, textBefore, thought, untilError } from './simulator.mjs';

const gateway = await startGateway();
const client = new Anthropic({ apiKey: 'test', baseURL: gateway.origin, maxRetries: 0 });
const ofType = (message, type) => message.content.filter((block) => block.type === type);
const textOf = (message) => ofType(message, 'text').map(({ text }) => text).join('');
const expectedTurn = calls.map((call) => ({ ...call, result: results[call.name] }));

const failures = [
  ['400', Anthropic.BadRequestError],
  ['404', Anthropic.NotFoundError],
  ['429', Anthropic.RateLimitError],
  ['context-length', Anthropic.BadRequestError],
  ['401', Anthropic.InternalServerError], // the gateway's key, not the client's
  ['503', Anthropic.InternalServerError],
  ['error-first', Anthropic.InternalServerError],
];

for (const upstream of upstreams) {
  describe(`messages before ${upstream}`, () => {
    const named = (name) => `${upstream}-${name}`;
    const request = (name, more = {}) => ({
      model: named(name), max_tokens: 2048, messages: [{ role: 'user', content: question }], ...more,
    });
    const both = async (name, more) => [
      await client.messages.stream(request(name, more)).finalMessage(),
      await client.messages.create(request(name, more)),
    ];

    test('text, usage, and the model that was asked for', async () => {
      for (const message of await both('ok')) {
        assert.equal(textOf(message), answer);
        assert.equal(message.stop_reason, 'end_turn');
        assert.equal(message.model, named('ok'));
        assert.ok(message.usage.output_tokens > 0);
      }
      const [, whole] = await both('ok');
      assert.ok(whole.usage.input_tokens > 0);
      assert.equal(whole.sluice_metadata.provider, upstream);
    });

    test('tool calls, and their results back', async () => {
      const tools = calls.map(({ name }) => ({ name, description: name, input_schema: { type: 'object' } }));
      for (const message of await both('tools', { tools })) {
        const blocks = ofType(message, 'tool_use');
        assert.deepEqual(blocks.map(({ name, input }) => ({ name, arguments: input })), calls);
        assert.equal(message.stop_reason, 'tool_use');
        const given = blocks.map((block) => ({
          type: 'tool_result', tool_use_id: block.id, content: results[block.name],
        }));
        const next = await client.messages.create(request('ok', {
          tools,
          messages: [
            { role: 'user', content: question },
            { role: 'assistant', content: message.content },
            { role: 'user', content: given },
          ],
        }));
        assert.equal(textOf(next), answer);
        const { dialect, body } = await gateway.lastRequest();
        assert.deepEqual(toolTurn(dialect, body), expectedTurn);
      }
    });

    test('reasoning', async () => {
      for (const message of await both('reasoning', { thinking: { type: 'enabled', budget_tokens: 1024 } })) {
        assert.equal(ofType(message, 'thinking').map(({ thinking }) => thinking).join(''), thought);
        assert.equal(textOf(message), answer);
      }
    });

    test('errors before the answer', async () => {
      for (const [name, type] of failures) {
        await assert.rejects(client.messages.stream(request(name)).finalMessage(), type, `${name}, streamed`);
        await assert.rejects(client.messages.create(request(name)), type, name);
      }
      await assert.rejects(
        client.messages.create({ ...request('ok'), model: 'nobody-has-this' }), Anthropic.NotFoundError);
    });

    test('an error in the middle is one, and so is a cut', async () => {
      for (const name of ['error-midstream', 'cut']) {
        const { items, error } = await untilError(await client.messages.create({ ...request(name), stream: true }));
        assert.equal(items.map((event) => event.delta?.text ?? '').join(''), textBefore, name);
        assert.ok(error instanceof Anthropic.APIError, name);
      }
    });

    test('a client that leaves', async () => {
      await gateway.mustCancel(async () => {
        const open = await client.messages.create({ ...request('endless'), stream: true });
        for await (const event of open) if (event.type === 'content_block_delta') break;
        open.controller.abort();
      });
    });
  });
}
