// The official `@google/genai` package reads what our gemini encoder writes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, GoogleGenAI } from '@google/genai';
import { all, answer, calls, gatewayError, question, startSimulator, thought } from './simulator.mjs';

const origin = await startSimulator();
const client = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: origin } });

/** Parts, finish reason and usage of the streamed answer, and of the one in one piece. */
const both = async (model) => {
  const chunks = await all(await client.models.generateContentStream({ model, contents: question }));
  const whole = await client.models.generateContent({ model, contents: question });
  return [chunks, [whole]].map((list) => ({
    parts: list.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []),
    finish: list.map((chunk) => chunk.candidates?.[0]?.finishReason).filter(Boolean).at(-1),
    usage: list.map((chunk) => chunk.usageMetadata).filter(Boolean).at(-1),
  }));
};
const textOf = (parts) => parts.filter((part) => !part.thought).map((part) => part.text ?? '').join('');

test('text', async () => {
  for (const { parts, finish, usage } of await both('sim-ok')) {
    assert.equal(textOf(parts), answer);
    assert.equal(finish, 'STOP');
    assert.ok(usage.candidatesTokenCount > 0);
    assert.equal(
      usage.totalTokenCount,
      usage.promptTokenCount + usage.candidatesTokenCount + (usage.thoughtsTokenCount ?? 0),
    );
  }
});

test('parallel tool calls', async () => {
  for (const { parts, finish } of await both('sim-tools')) {
    const found = parts.map((part) => part.functionCall).filter(Boolean);
    assert.deepEqual(found.map(({ name, args }) => ({ name, arguments: args })), calls);
    assert.equal(finish, 'STOP');
  }
});

test('reasoning', async () => {
  for (const { parts } of await both('sim-reasoning')) {
    assert.equal(parts.filter((part) => part.thought).map((part) => part.text ?? '').join(''), thought);
    assert.equal(textOf(parts), answer);
  }
});

test('errors, before, first in and in the middle of the stream', async () => {
  const read = async (model) => all(await client.models.generateContentStream({ model, contents: question }));
  await assert.rejects(read('sim-429'), (error) => error instanceof ApiError && error.status === 429);
  await assert.rejects(read('sim-404'), (error) => error instanceof ApiError && error.status === 404);
  for (const model of ['sim-error-first', 'sim-error-midstream', gatewayError(0), gatewayError(2)])
    await assert.rejects(read(model), model);
});
