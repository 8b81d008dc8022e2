// The `ai` package with its providers before a gateway, with providers of every dialect behind it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, generateText, jsonSchema, streamText, tool } from 'ai';
import { results, startGateway, toolTurn, upstreams } from './gateway.mjs';
import { answer, calls, question, textBefore, thought } from './simulator.mjs';

const gateway = await startGateway();
const { origin } = gateway;
const apiKey = 'test';
const openai = createOpenAI({ apiKey, baseURL: `${origin}/v1` });
const providers = {
  'openai chat': openai.chat,
  'openai responses': openai.responses,
  'openai compatible': createOpenAICompatible({ name: 'sluice', apiKey, baseURL: `${origin}/v1`, includeUsage: true }),
  anthropic: createAnthropic({ apiKey, baseURL: `${origin}/v1` }),
  google: createGoogleGenerativeAI({ apiKey, baseURL: `${origin}/v1beta` }),
};
const tools = Object.fromEntries(
  calls.map(({ name }) => [name, tool({ description: name, inputSchema: jsonSchema({ type: 'object' }) })]),
);
const expectedTurn = calls.map((call) => ({ ...call, result: results[call.name] }));

for (const [client, provider] of Object.entries(providers)) {
  for (const upstream of upstreams) {
    describe(`${client} before ${upstream}`, () => {
      const options = (name, more) => ({ model: provider(`${upstream}-${name}`), prompt: question, maxRetries: 0, ...more });

      /** What the SDK made of a streamed and of a whole answer, in one shape. */
      async function both(name, more) {
        const stream = streamText({ ...options(name, more), onError() {} });
        await stream.consumeStream();
        const streamed = {
          text: await stream.text,
          reasoning: await stream.reasoningText,
          toolCalls: await stream.toolCalls,
          finishReason: await stream.finishReason,
          usage: await stream.usage,
        };
        return [streamed, await generateText(options(name, more))];
      }

      test('text and usage', async () => {
        for (const result of await both('ok')) {
          assert.equal(result.text, answer);
          assert.equal(result.finishReason, 'stop');
          assert.ok(result.usage.outputTokens > 0);
        }
      });

      test('tool calls, and their results back', async () => {
        for (const result of await both('tools', { tools })) {
          assert.equal(result.finishReason, 'tool-calls');
          assert.deepEqual(result.toolCalls.map(({ toolName, input }) => ({ name: toolName, arguments: input })), calls);
          const messages = [
            { role: 'user', content: question },
            {
              role: 'assistant',
              content: result.toolCalls.map(({ toolCallId, toolName, input }) => ({
                type: 'tool-call', toolCallId, toolName, input,
              })),
            },
            {
              role: 'tool',
              content: result.toolCalls.map(({ toolCallId, toolName }) => ({
                type: 'tool-result', toolCallId, toolName, output: { type: 'text', value: results[toolName] },
              })),
            },
          ];
          const next = await generateText(options('ok', { tools, prompt: undefined, messages }));
          assert.equal(next.text, answer);
          const { dialect, body } = await gateway.lastRequest();
          const turn = toolTurn(dialect, body);
          assert.deepEqual(turn.map(({ name, arguments: args }) => ({ name, arguments: args })), calls);
          for (const [index, { result: given }] of turn.entries())  // Google's provider puts the text into an object
            assert.ok(given.includes(expectedTurn[index].result), given);
        }
      });

      // The SDK's provider for OpenAI's own chat endpoint has no reasoning, because OpenAI sends none there.
      test('reasoning', { skip: client === 'openai chat' }, async () => {
        for (const result of await both('reasoning')) {
          assert.equal(result.text, answer);
          assert.equal(result.reasoning?.map?.((part) => part.text).join('') ?? result.reasoning, thought);
        }
      });

      test('errors before the answer', async () => {
        for (const [name, status] of [['400', 400], ['404', 404], ['429', 429], ['401', 502], ['503', 502]]) {
          const is = (error) => APICallError.isInstance(error) && error.statusCode === status;
          await assert.rejects(generateText(options(name)), is, name);
          const errors = [];
          await streamText({ ...options(name), onError: ({ error }) => errors.push(error) }).consumeStream();
          assert.ok(errors.length === 1 && is(errors[0]), `${name}, streamed`);
        }
      });

      test('an error in the middle is one, and so is a cut', async () => {
        for (const name of ['error-midstream', 'cut']) {
          const errors = [];
          let text = '';
          const stream = streamText({ ...options(name), onError: ({ error }) => errors.push(error) });
          for await (const part of stream.fullStream) if (part.type === 'text-delta') text += part.text;
          assert.ok(errors.length > 0, name);
          assert.equal(text, textBefore, name);
        }
      });

      test('a client that leaves', async () => {
        await gateway.mustCancel(async () => {
          const controller = new AbortController();
          const stream = streamText({ ...options('endless'), abortSignal: controller.signal, onError() {} });
          for await (const part of stream.fullStream) if (part.type === 'text-delta') break;
          controller.abort();
        });
      });
    });
  }
}
