// The official `openai` package before a gateway, with providers of every dialect behind it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import OpenAI from 'openai';
import { results, startGateway, toolTurn, upstreams } from './gateway.mjs';
import { all, answer, calls, question, textBefore, thought, untilError } from './simulator.mjs';

const gateway = await startGateway();
const client = new OpenAI({ apiKey: 'test', baseURL: `${gateway.origin}/v1`, maxRetries: 0 });
const messages = [{ role: 'user', content: question }];
const schema = { type: 'object', properties: { city: { type: 'string' }, zone: { type: 'string' } } };
const expectedTurn = calls.map((call) => ({ ...call, result: results[call.name] }));

/** Errors that a provider has before it answers: what it says, and what its client must be told. */
const failures = [
  ['400', OpenAI.BadRequestError],
  ['404', OpenAI.NotFoundError],
  ['429', OpenAI.RateLimitError],
  ['context-length', OpenAI.BadRequestError],
  ['401', OpenAI.InternalServerError], // the gateway's key, not the client's
  ['503', OpenAI.InternalServerError],
  ['error-first', OpenAI.InternalServerError],
];

for (const upstream of upstreams) {
  const named = (name) => `${upstream}-${name}`;

  describe(`chat before ${upstream}`, () => {
    const stream = (name, more) =>
      client.chat.completions.stream({ model: named(name), messages, stream_options: { include_usage: true }, ...more });
    const both = async (name, more = {}) => [
      await stream(name, more).finalChatCompletion(),
      await client.chat.completions.create({ model: named(name), messages, ...more }),
    ];

    test('text, usage, and the model that was asked for', async () => {
      for (const completion of await both('ok')) {
        assert.equal(completion.choices[0].message.content, answer);
        assert.equal(completion.choices[0].finish_reason, 'stop');
        assert.equal(completion.model, named('ok'));
        assert.ok(completion.usage.prompt_tokens > 0);
        assert.ok(completion.usage.completion_tokens > 0);
        assert.equal(
          completion.usage.total_tokens,
          completion.usage.prompt_tokens + completion.usage.completion_tokens,
        );
      }
    });

    test('who answered is told', async () => {
      const whole = await client.chat.completions.create({ model: named('ok'), messages });
      assert.equal(whole.sluice_metadata.provider, upstream);
      const chunks = await all(await client.chat.completions.create({ model: named('ok'), messages, stream: true }));
      assert.equal(chunks.at(-1).sluice_metadata.provider, upstream);
      const { response } = await client.chat.completions.create({ model: named('ok'), messages }).withResponse();
      assert.equal(response.headers.get('x-sluice-target'), upstream);
      assert.equal((await gateway.eventOf(response.headers.get('x-request-id'))).provider, upstream);
    });

    test('tool calls, and their results back', async () => {
      const tools = calls.map(({ name }) => ({ type: 'function', function: { name, description: name, parameters: schema } }));
      for (const completion of await both('tools', { tools })) {
        const { message, finish_reason: finish } = completion.choices[0];
        assert.equal(finish, 'tool_calls');
        assert.deepEqual(
          message.tool_calls.map(({ function: f }) => ({ name: f.name, arguments: JSON.parse(f.arguments) })), calls);
        const given = message.tool_calls.map((call) => ({
          role: 'tool', tool_call_id: call.id, content: results[call.function.name],
        }));
        const next = await client.chat.completions.create({
          model: named('ok'), tools, messages: [...messages, message, ...given],
        });
        assert.equal(next.choices[0].message.content, answer);
        const { dialect, body } = await gateway.lastRequest();
        assert.deepEqual(toolTurn(dialect, body), expectedTurn);
      }
    });

    test('reasoning', async () => {
      const chunks = await all(await client.chat.completions.create({ model: named('reasoning'), messages, stream: true }));
      const deltas = chunks.flatMap((chunk) => chunk.choices.map((choice) => choice.delta));
      assert.equal(deltas.map((delta) => delta.reasoning_content ?? '').join(''), thought);
      assert.equal(deltas.map((delta) => delta.content ?? '').join(''), answer);
      const completion = await client.chat.completions.create({ model: named('reasoning'), messages });
      assert.equal(completion.choices[0].message.reasoning_content, thought);
    });

    test('errors before the answer', async () => {
      for (const [name, type] of failures) {
        await assert.rejects(stream(name).finalChatCompletion(), type, `${name}, streamed`);
        await assert.rejects(client.chat.completions.create({ model: named(name), messages }), type, name);
      }
      await assert.rejects(client.chat.completions.create({ model: 'nobody-has-this', messages }), OpenAI.NotFoundError);
    });

    test('an error in the middle is one, and so is a cut', async () => {
      for (const name of ['error-midstream', 'cut']) {
        const { items, error } = await untilError(
          await client.chat.completions.create({ model: named(name), messages, stream: true }));
        assert.equal(items.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), textBefore, name);
        assert.ok(error instanceof OpenAI.APIError, name);
      }
    });

    test('a client that leaves', async () => {
      await gateway.mustCancel(async () => {
        const open = await client.chat.completions.create({ model: named('endless'), messages, stream: true });
        for await (const chunk of open) if (chunk.choices[0]?.delta.content) break;
        open.controller.abort();
      });
    });
  });

  describe(`responses before ${upstream}`, () => {
    const both = async (name, more = {}) => [
      await client.responses.stream({ model: named(name), input: question, ...more }).finalResponse(),
      await client.responses.create({ model: named(name), input: question, ...more }),
    ];

    test('text, usage, and the model that was asked for', async () => {
      for (const response of await both('ok')) {
        assert.equal(response.status, 'completed');
        assert.equal(response.output_text, answer);
        assert.equal(response.model, named('ok'));
        assert.ok(response.usage.output_tokens > 0);
        assert.equal(response.usage.total_tokens, response.usage.input_tokens + response.usage.output_tokens);
      }
    });

    test('tool calls, and their results back', async () => {
      const tools = calls.map(({ name }) => ({ type: 'function', name, description: name, parameters: schema, strict: false }));
      for (const response of await both('tools', { tools })) {
        const items = response.output.filter((item) => item.type === 'function_call');
        assert.deepEqual(items.map((item) => ({ name: item.name, arguments: JSON.parse(item.arguments) })), calls);
        const input = [
          { role: 'user', content: question },
          ...items.map(({ call_id, name, arguments: text }) => ({ type: 'function_call', call_id, name, arguments: text })),
          ...items.map((item) => ({ type: 'function_call_output', call_id: item.call_id, output: results[item.name] })),
        ];
        const next = await client.responses.create({ model: named('ok'), tools, input });
        assert.equal(next.output_text, answer);
        const { dialect, body } = await gateway.lastRequest();
        assert.deepEqual(toolTurn(dialect, body), expectedTurn);
      }
    });

    test('reasoning', async () => {
      for (const response of await both('reasoning')) {
        const item = response.output.find(({ type }) => type === 'reasoning');
        assert.equal(item.summary.map(({ text }) => text).join(''), thought);
        assert.equal(response.output_text, answer);
      }
    });

    test('errors before the answer', async () => {
      for (const [name, type] of failures) {
        await assert.rejects(
          client.responses.stream({ model: named(name), input: question }).finalResponse(), type, `${name}, streamed`);
        await assert.rejects(client.responses.create({ model: named(name), input: question }), type, name);
      }
    });

    test('an error in the middle is one, and so is a cut', async () => {
      for (const name of ['error-midstream', 'cut']) {
        const events = [];
        let failed = false; // `error` is thrown, `response.failed` is an event
        try {
          for await (const event of await client.responses.create({ model: named(name), input: question, stream: true }))
            events.push(event);
          failed = events.at(-1).type === 'response.failed';
        } catch (error) {
          failed = error instanceof OpenAI.APIError;
        }
        assert.ok(failed, name);
        assert.ok(!events.some(({ type }) => type === 'response.completed'), name);
        assert.equal(
          events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join(''), textBefore, name);
      }
    });

    test('a client that leaves', async () => {
      await gateway.mustCancel(async () => {
        const open = await client.responses.create({ model: named('endless'), input: question, stream: true });
        for await (const event of open) if (event.type === 'response.output_text.delta') break;
        open.controller.abort();
      });
    });
  });
}

test('the models are listed', async () => {
  const ids = (await client.models.list()).data.map(({ id }) => id);
  for (const upstream of upstreams) assert.ok(ids.includes(`${upstream}-ok`));
});
