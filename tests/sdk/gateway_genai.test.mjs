// The official `@google/genai` package before a gateway, with providers of every dialect behind it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApiError, GoogleGenAI } from '@google/genai';
import { results, startGateway, toolTurn, upstreams } from './gateway.mjs';
import { all, answer, calls, question, thought, untilError } from './simulator.mjs';

const gateway = await startGateway();
const client = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: gateway.origin } });
const textOf = (parts) => parts.filter((part) => !part.thought).map((part) => part.text ?? '').join('');
/** A result is an object here; whoever takes only text gets it as JSON. */
const given = (name) => ({ output: results[name] });
const expectedTurn = (dialect) =>
  calls.map((call) => ({ ...call, result: dialect === 'gemini' ? results[call.name] : JSON.stringify(given(call.name)) }));
const failures = [['400', 400], ['404', 404], ['429', 429], ['context-length', 400], ['401', 502], ['503', 502], ['error-first', 502]];

for (const upstream of upstreams) {
  describe(`generateContent before ${upstream}`, () => {
    const named = (name) => `${upstream}-${name}`;
    const both = async (name, config) => {
      const request = { model: named(name), contents: question, config };
      const chunks = await all(await client.models.generateContentStream(request));
      const whole = await client.models.generateContent(request);
      return [chunks, [whole]].map((list) => ({
        parts: list.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []),
        finish: list.map((chunk) => chunk.candidates?.[0]?.finishReason).filter(Boolean).at(-1),
        usage: list.map((chunk) => chunk.usageMetadata).filter(Boolean).at(-1),
        models: new Set(list.map((chunk) => chunk.modelVersion).filter(Boolean)),
      }));
    };

    test('text, usage, and the model that was asked for', async () => {
      for (const { parts, finish, usage, models } of await both('ok')) {
        assert.equal(textOf(parts), answer);
        assert.equal(finish, 'STOP');
        assert.deepEqual([...models], [named('ok')]);
        assert.ok(usage.candidatesTokenCount > 0);
        assert.ok(usage.promptTokenCount > 0);
      }
    });

    test('tool calls, and their results back', async () => {
      const tools = [{ functionDeclarations: calls.map(({ name }) => ({ name, description: name })) }];
      for (const { parts } of await both('tools', { tools })) {
        const found = parts.filter((part) => part.functionCall);
        assert.deepEqual(found.map(({ functionCall: { name, args } }) => ({ name, arguments: args })), calls);
        const responses = found.map(({ functionCall: { id, name } }) => ({
          functionResponse: { id, name, response: given(name) },
        }));
        const next = await client.models.generateContent({
          model: named('ok'),
          contents: [
            { role: 'user', parts: [{ text: question }] },
            { role: 'model', parts: found },
            { role: 'user', parts: responses },
          ],
          config: { tools },
        });
        assert.equal(next.text, answer);
        const { dialect, body } = await gateway.lastRequest();
        assert.deepEqual(toolTurn(dialect, body), expectedTurn(dialect));
      }
    });

    test('reasoning', async () => {
      for (const { parts } of await both('reasoning', { thinkingConfig: { includeThoughts: true } })) {
        assert.equal(parts.filter((part) => part.thought).map((part) => part.text ?? '').join(''), thought);
        assert.equal(textOf(parts), answer);
      }
    });

    test('errors before the answer', async () => {
      for (const [name, status] of failures) {
        const request = { model: named(name), contents: question };
        const is = (error) => error instanceof ApiError && error.status === status;
        await assert.rejects(async () => all(await client.models.generateContentStream(request)), is, `${name}, streamed`);
        await assert.rejects(client.models.generateContent(request), is, name);
      }
      await assert.rejects(
        client.models.generateContent({ model: 'nobody-has-this', contents: question }), (error) => error.status === 404);
    });

    test('an error in the middle is one, and so is a cut', async () => {
      for (const name of ['error-midstream', 'cut'])
        await untilError(await client.models.generateContentStream({ model: named(name), contents: question }));
    });

    test('a client that leaves', async () => {
      await gateway.mustCancel(async () => {
        const controller = new AbortController();
        const open = await client.models.generateContentStream({
          model: named('endless'), contents: question, config: { abortSignal: controller.signal },
        });
        await open.next();
        controller.abort();
      });
    });
  });
}
