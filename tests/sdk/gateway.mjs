// Starts `sluice gateway run` before a simulator, with one target for each dialect a provider may speak. The model
// "<upstream>-<name>" is the simulator's model <name> behind that target and no other.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startSimulator } from './simulator.mjs';

/** What a provider may speak, and how its target is configured. */
const targets = {
  chat: { provider: 'openai', dialect: 'openai_chat', path: '/v1' },
  responses: { provider: 'openai', dialect: 'openai_responses', path: '/v1' },
  anthropic: { provider: 'anthropic', dialect: 'anthropic', path: '/v1' },
  gemini: { provider: 'gemini', dialect: 'gemini', path: '/v1beta' },
};
export const upstreams = Object.keys(targets);

/** The simulator's models that are used here, by the name behind the target's. */
const models = {
  ...Object.fromEntries(
    ['ok', 'echo', 'tools', 'reasoning', 'refusal', '400', '401', '404', '429', '429-retry-after', '503', 'context-length',
      'error-first', 'error-midstream', 'cut', 'malformed'].map((name) => [name, `sim-${name}`]),
  ),
  endless: 'sim:tokens=5000,delay_between=5ms',
};

/** After a call of a tool: what was called, and what it gave. */
export const results = { get_weather: '22 degrees', get_time: '13:37' };

const patience = 20_000; // milliseconds for whatever takes a fraction of one

function config(simulator) {
  const list = upstreams.map((id) => ({
    id,
    provider: targets[id].provider,
    dialect: targets[id].dialect,
    base_url: simulator + targets[id].path,
    models: Object.entries(models).map(([name, upstream]) => ({ id: `${id}-${name}`, upstream })),
  }));
  return JSON.stringify({  // which is YAML too
    version: '1',
    health_check: { enabled: false },
    breaker: { enabled: false },
    retry: { attempts_per_target: 1 },
    server: { threads: 1 },
    providers: { targets: list },
  });
}

/** A gateway that lives as long as the tests of this file, and the simulator behind it. */
export async function startGateway() {
  const simulator = await startSimulator();
  const folder = await mkdtemp(join(tmpdir(), 'sluice-gateway-'));
  const file = join(folder, 'policy-config.yaml');
  await writeFile(file, config(simulator));
  const child = spawn(process.env.SLUICE_CLI, ['gateway', 'run', '--policy-config', file, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  after(async () => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true });
  });
  const log = [];
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  const origin = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    ended.then(([code]) => reject(new Error(`the gateway ended with ${code}:\n${log.join('\n')}`)));
  });
  return new GatewayUnderTest(origin, simulator, log);
}

class GatewayUnderTest {
  constructor(origin, simulator, log) {
    Object.assign(this, { origin, simulator, log });
  }

  /** What the provider was asked last. */
  async lastRequest() {
    const response = await fetch(`${this.simulator}/_sim/requests?last=1`);
    return (await response.json())[0];
  }

  async #aborted() {
    return (await (await fetch(`${this.simulator}/_sim`)).json()).aborted;
  }

  /** Runs `leave`, which begins a stream and leaves it; the provider, which would go on for 25 s, must see that. */
  async mustCancel(leave) {
    const before = await this.#aborted();
    await leave();
    const deadline = Date.now() + patience;
    while ((await this.#aborted()) === before) {
      if (Date.now() > deadline) throw new Error('the provider goes on with a stream that its client has left');
      await pause(5);
    }
  }

  /** The event of that request. It is recorded a moment after the client has its answer. */
  async eventOf(requestId) {
    const deadline = Date.now() + patience;
    for (;;) {
      const events = await (await fetch(`${this.origin}/admin/events?last=20`)).json();
      const found = (events.events ?? events).find((event) => event.request_id === requestId);
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`no event has the request ${requestId}`);
      await pause(5);
    }
  }
}

/** The tool calls and results of a request to a provider, whatever its dialect: {name, arguments, result}. */
export function toolTurn(dialect, body) {
  const text = (content) =>
    typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('');
  const turns = [];
  const find = (id) => turns.find((turn) => turn.id === id);
  if (dialect === 'openai_chat') {
    for (const message of body.messages) {
      for (const call of message.tool_calls ?? [])
        turns.push({ id: call.id, name: call.function.name, arguments: JSON.parse(call.function.arguments) });
      if (message.role === 'tool') find(message.tool_call_id).result = text(message.content);
    }
  } else if (dialect === 'openai_responses') {
    for (const item of body.input) {
      if (item.type === 'function_call')
        turns.push({ id: item.call_id, name: item.name, arguments: JSON.parse(item.arguments) });
      if (item.type === 'function_call_output') find(item.call_id).result = text(item.output);
    }
  } else if (dialect === 'anthropic') {
    for (const block of body.messages.flatMap(({ content }) => (Array.isArray(content) ? content : []))) {
      if (block.type === 'tool_use') turns.push({ id: block.id, name: block.name, arguments: block.input });
      if (block.type === 'tool_result') find(block.tool_use_id).result = text(block.content);
    }
  } else {
    for (const part of body.contents.flatMap(({ parts }) => parts)) {
      if (part.functionCall)
        turns.push({ id: part.functionCall.name, name: part.functionCall.name, arguments: part.functionCall.args });
      if (part.functionResponse) {
        const { response } = part.functionResponse;
        find(part.functionResponse.name).result = response.output ?? response.result ?? JSON.stringify(response);
      }
    }
  }
  return turns.map(({ name, arguments: args, result }) => ({ name, arguments: args, result }));
}
