// Starts `sluice sim` for a test file and knows what its models say (docs/simulator.md).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after } from 'node:test';

export const answer = 'The capital of Mongolia is Ulaanbaatar.';
export const thought = 'The user asks for a capital.';
export const calls = [
  { name: 'get_weather', arguments: { city: 'Ulaanbaatar' } },
  { name: 'get_time', arguments: { zone: 'Asia/Ulaanbaatar' } },
];
export const question = 'What is the capital of Mongolia?';

/** The origin, "http://127.0.0.1:<port>", of a simulator that lives as long as the tests of this file. */
export async function startSimulator() {
  const child = spawn(process.env.SLUICE_CLI, ['sim', '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  after(async () => {
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  });
  let printed = '';
  for await (const chunk of child.stdout) {
    printed += chunk;
    if (printed.includes('\n')) break;
  }
  return new URL(printed.split('\n')[0]).origin;
}

/** Models that fail before any text, and one that fails in the midst of it, with the text it gives before. */
export const failsAtOnce = ['sim-error-first', 'sim-metadata-then-error'];
export const failsMidway = 'sim-error-midstream';
export const textBefore = answer.split(/(?= )/).slice(0, 4).join('');

/** The model whose stream ends, after so many tokens, in an error as our own encoder writes it. */
export const gatewayError = (tokens, ...more) =>
  ['sim:error=overloaded', `error_after=${tokens}`, 'error_shape=gateway', ...more].join(',');

/** The items up to the error of an async iterable that must throw. */
export async function untilError(stream) {
  const items = [];
  try {
    for await (const item of stream) items.push(item);
  } catch (error) {
    return { items, error };
  }
  throw new Error('the stream ended well');
}

/** Everything of an async iterable. */
export async function all(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}
