// The `ai` package with its providers reads what all four encoders write, and calls it the same.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, streamText, tool } from 'ai';
import { answer, calls, gatewayError, question, startSimulator, thought } from './simulator.mjs';

const origin = await startSimulator();
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

/** What the SDK made of a streamed and of a whole answer, in one shape. */
async function both(provider, model, more = {}) {
  const options = { model: provider(model), prompt: question, maxRetries: 0, ...more };
  const stream = streamText({ ...options, onError() {} });
  await stream.consumeStream();
  const streamed = {
    text: await stream.text,
    reasoning: await stream.reasoningText,
    toolCalls: await stream.toolCalls,
    finishReason: await stream.finishReason,
    usage: await stream.usage,
  };
  return [streamed, await generateText(options)];
}

for (const [name, provider] of Object.entries(providers)) {
  describe(name, () => {
    test('text and usage', async () => {
      for (const result of await both(provider, 'sim-ok')) {
        assert.equal(result.text, answer);
        assert.equal(result.finishReason, 'stop');
        assert.ok(result.usage.inputTokens > 0);
        assert.ok(result.usage.outputTokens > 0);
      }
    });

    test('parallel tool calls', async () => {
      for (const result of await both(provider, 'sim-tools', { tools })) {
        assert.deepEqual(
          result.toolCalls.map(({ toolName, input }) => ({ name: toolName, arguments: input })),
          calls,
        );
        assert.equal(result.finishReason, 'tool-calls');
      }
    });

    // The SDK's provider for OpenAI's own chat endpoint has no reasoning, because OpenAI sends none there.
    test('reasoning', { skip: name === 'openai chat' }, async () => {
      for (const result of await both(provider, 'sim-reasoning')) {
        assert.equal(result.text, answer);
        assert.equal(result.reasoning?.map?.((part) => part.text).join('') ?? result.reasoning, thought);
      }
    });

    test('errors, before, first in and in the middle of the stream', async () => {
      // As our encoder writes them. (What Gemini itself writes, bare JSON, this SDK takes for a good end.)
      for (const model of ['sim-429', gatewayError(0), gatewayError(0, 'metadata=0'), gatewayError(2)]) {
        const errors = [];
        const stream = streamText({
          model: provider(model),
          prompt: question,
          maxRetries: 0,
          onError: ({ error }) => errors.push(error),
        });
        await stream.consumeStream();
        assert.ok(errors.length > 0, model);
      }
    });
  });
}
