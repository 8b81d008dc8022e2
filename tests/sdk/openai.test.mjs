// The official `openai` package reads what our openai_chat and openai_responses encoders write.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import {
  all, answer, calls, failsAtOnce, failsMidway, gatewayError, question, startSimulator, textBefore, thought, untilError,
} from './simulator.mjs';

const origin = await startSimulator();
const client = new OpenAI({ apiKey: 'test', baseURL: `${origin}/v1`, maxRetries: 0 });
const messages = [{ role: 'user', content: question }];

const chat = (model) =>
  client.chat.completions.stream({ model, messages, stream_options: { include_usage: true } }).finalChatCompletion();
const respond = (model) => client.responses.stream({ model, input: question }).finalResponse();

const named = (list) => list.map((c) => ({ name: c.name, arguments: JSON.parse(c.arguments) }));

test('chat: text, streamed and not', async () => {
  for (const completion of [
    await chat('sim-ok'),
    await client.chat.completions.create({ model: 'sim-ok', messages }),
  ]) {
    assert.equal(completion.choices[0].message.content, answer);
    assert.equal(completion.choices[0].finish_reason, 'stop');
    assert.ok(completion.usage.completion_tokens > 0);
    assert.equal(completion.usage.total_tokens, completion.usage.prompt_tokens + completion.usage.completion_tokens);
  }
});

test('chat: parallel tool calls, streamed and not', async () => {
  for (const completion of [
    await chat('sim-tools'),
    await client.chat.completions.create({ model: 'sim-tools', messages }),
  ]) {
    const { message, finish_reason: finish } = completion.choices[0];
    assert.deepEqual(named(message.tool_calls.map((call) => call.function)), calls);
    assert.equal(new Set(message.tool_calls.map((call) => call.id)).size, calls.length);
    assert.equal(finish, 'tool_calls');
  }
});

test('chat: reasoning', async () => {
  const chunks = await all(await client.chat.completions.create({ model: 'sim-reasoning', messages, stream: true }));
  const deltas = chunks.flatMap((chunk) => chunk.choices.map((choice) => choice.delta));
  assert.equal(deltas.map((delta) => delta.reasoning_content ?? '').join(''), thought);
  assert.equal(deltas.map((delta) => delta.content ?? '').join(''), answer);
  const completion = await client.chat.completions.create({ model: 'sim-reasoning', messages });
  assert.equal(completion.choices[0].message.reasoning_content, thought);
});

test('chat: refusal', async () => {
  const completion = await chat('sim-refusal');
  assert.ok(completion.choices[0].message.refusal.length > 0);
  assert.ok(!completion.choices[0].message.content);
});

test('chat: errors, before, first in and in the middle of the stream', async () => {
  await assert.rejects(chat('sim-429'), (error) => error instanceof OpenAI.RateLimitError && error.status === 429);
  await assert.rejects(chat('sim-401'), OpenAI.AuthenticationError);
  await assert.rejects(chat('sim-404'), OpenAI.NotFoundError);
  for (const model of [...failsAtOnce, gatewayError(0), gatewayError(2)])
    await assert.rejects(chat(model), OpenAI.APIError, model);
  const { items, error } = await untilError(
    await client.chat.completions.create({ model: failsMidway, messages, stream: true }),
  );
  assert.equal(items.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), textBefore);
  assert.ok(error instanceof OpenAI.APIError);
});

test('chat: a stream that is cut is not taken for an answer', async () => {
  await assert.rejects(chat('sim-no-finish'));
});

test('responses: text, streamed and not', async () => {
  for (const response of [
    await respond('sim-ok'),
    await client.responses.create({ model: 'sim-ok', input: question }),
  ]) {
    assert.equal(response.status, 'completed');
    assert.equal(response.output_text, answer);
    assert.ok(response.usage.output_tokens > 0);
    assert.equal(response.usage.total_tokens, response.usage.input_tokens + response.usage.output_tokens);
  }
});

test('responses: the events come in the order of the protocol', async () => {
  const events = await all(await client.responses.create({ model: 'sim-ok', input: question, stream: true }));
  assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, index) => index));
  assert.equal(events[0].type, 'response.created');
  assert.equal(events.at(-1).type, 'response.completed');
  const deltas = events.filter((event) => event.type === 'response.output_text.delta');
  assert.equal(deltas.map((event) => event.delta).join(''), answer);
});

test('responses: parallel tool calls, streamed and not', async () => {
  for (const response of [
    await respond('sim-tools'),
    await client.responses.create({ model: 'sim-tools', input: question }),
  ]) {
    const items = response.output.filter((item) => item.type === 'function_call');
    assert.deepEqual(named(items), calls);
    assert.equal(new Set(items.map((item) => item.call_id)).size, calls.length);
  }
});

test('responses: reasoning, streamed and not', async () => {
  for (const response of [
    await respond('sim-reasoning'),
    await client.responses.create({ model: 'sim-reasoning', input: question }),
  ]) {
    const item = response.output.find(({ type }) => type === 'reasoning');
    assert.equal(item.summary.map(({ text }) => text).join(''), thought);
    assert.equal(response.output_text, answer);
  }
});

test('responses: errors, before, first in and in the middle of the stream', async () => {
  await assert.rejects(respond('sim-429'), OpenAI.RateLimitError);
  await assert.rejects(respond('sim-401'), OpenAI.AuthenticationError);
  for (const model of [...failsAtOnce, gatewayError(0), failsMidway]) {
    const events = [];
    let failed = false; // `error` is thrown, `response.failed` is an event
    try {
      for await (const event of await client.responses.create({ model, input: question, stream: true }))
        events.push(event);
      failed = events.at(-1).type === 'response.failed' && events.at(-1).response.error.code.length > 0;
    } catch (error) {
      failed = error instanceof OpenAI.APIError;
    }
    assert.ok(failed, model);
    const text = events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('');
    assert.equal(text, model === failsMidway ? textBefore : '');
  }
});
