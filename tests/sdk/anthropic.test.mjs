// The official `@anthropic-ai/sdk` package reads what our anthropic encoder writes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import {
  all, answer, calls, failsAtOnce, failsMidway, gatewayError, question, startSimulator, textBefore, thought, untilError,
} from './simulator.mjs';

const origin = await startSimulator();
const client = new Anthropic({ apiKey: 'test', baseURL: origin, maxRetries: 0 });
const request = (model) => ({ model, max_tokens: 256, messages: [{ role: 'user', content: question }] });

/** The message as the SDK's accumulator made it, and as it came in one piece. */
const both = async (model) => [
  await client.messages.stream(request(model)).finalMessage(),
  await client.messages.create(request(model)),
];
const ofType = (message, type) => message.content.filter((block) => block.type === type);

test('text', async () => {
  for (const message of await both('sim-ok')) {
    assert.equal(ofType(message, 'text').map(({ text }) => text).join(''), answer);
    assert.equal(message.stop_reason, 'end_turn');
    assert.ok(message.usage.input_tokens > 0);
    assert.ok(message.usage.output_tokens > 0);
  }
});

test('parallel tool calls', async () => {
  for (const message of await both('sim-tools')) {
    const blocks = ofType(message, 'tool_use');
    assert.deepEqual(blocks.map(({ name, input }) => ({ name, arguments: input })), calls);
    assert.equal(new Set(blocks.map(({ id }) => id)).size, calls.length);
    assert.equal(message.stop_reason, 'tool_use');
  }
});

test('reasoning with its signature', async () => {
  for (const message of await both('sim-reasoning')) {
    const [block] = ofType(message, 'thinking');
    assert.equal(block.thinking, thought);
    assert.ok(block.signature.length > 0);
    assert.equal(ofType(message, 'text').map(({ text }) => text).join(''), answer);
  }
});

test('refusal', async () => {
  for (const message of await both('sim-refusal')) assert.equal(message.stop_reason, 'refusal');
});

test('the events come in the order of the protocol', async () => {
  const types = (await all(await client.messages.create({ ...request('sim-ok'), stream: true }))).map((e) => e.type);
  assert.equal(types[0], 'message_start');
  assert.equal(types[1], 'content_block_start');
  assert.deepEqual(types.slice(-3), ['content_block_stop', 'message_delta', 'message_stop']);
});

test('errors, before, first in and in the middle of the stream', async () => {
  const final = (model) => client.messages.stream(request(model)).finalMessage();
  await assert.rejects(final('sim-429'), Anthropic.RateLimitError);
  await assert.rejects(final('sim-401'), Anthropic.AuthenticationError);
  await assert.rejects(final('sim-404'), Anthropic.NotFoundError);
  for (const model of [...failsAtOnce, gatewayError(0), gatewayError(2)])
    await assert.rejects(final(model), Anthropic.APIError, model);
  const { items, error } = await untilError(await client.messages.create({ ...request(failsMidway), stream: true }));
  assert.equal(items.map((event) => event.delta?.text ?? '').join(''), textBefore);
  assert.ok(error instanceof Anthropic.APIError);
});
