// The other side of compare_sdks.py: the providers' own Node SDKs iterate over the same bytes, which a fetch of
// ours hands them in the same pieces. No socket on either side.
//
//   node decode_stream.mjs <dialect> <file> <piece> <rounds>      one line of JSON, as decode_stream prints it
import { readFileSync } from 'node:fs';

const [dialect, path, piece, rounds] = process.argv.slice(2);
const body = readFileSync(path);
const step = Number(piece);

function respond() {
  let at = 0;
  const stream = new ReadableStream({
    pull(controller) {
      if (at >= body.length) return controller.close();
      controller.enqueue(new Uint8Array(body.subarray(at, at + step)));
      at += step;
    },
  });
  return new Response(stream, { status: 200, headers: { 'content-type': 'text/event-stream' } });
}
const fetch = async () => respond();
const messages = [{ role: 'user', content: 'hi' }];

const readers = {
  async openai_chat() {
    const { default: OpenAI } = await import('openai');
    const client = new OpenAI({ apiKey: 'x', fetch });
    return async () => {
      let text = '';
      for await (const chunk of await client.chat.completions.create({ model: 'm', messages, stream: true }))
        text += chunk.choices[0]?.delta?.content ?? '';
      return text;
    };
  },
  async openai_responses() {
    const { default: OpenAI } = await import('openai');
    const client = new OpenAI({ apiKey: 'x', fetch });
    return async () => {
      let text = '';
      for await (const event of await client.responses.create({ model: 'm', input: 'hi', stream: true }))
        if (event.type === 'response.output_text.delta') text += event.delta;
      return text;
    };
  },
  async anthropic() {
    const { default: Anthropic } = await import('@anthropic-ai/sdk');
    const client = new Anthropic({ apiKey: 'x', fetch });
    return async () => {
      let text = '';
      for await (const event of await client.messages.create({ model: 'm', max_tokens: 9, messages, stream: true }))
        if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text;
      return text;
    };
  },
  async gemini() {
    const { GoogleGenAI } = await import('@google/genai');
    globalThis.fetch = fetch;
    const client = new GoogleGenAI({ apiKey: 'x' });
    return async () => {
      let text = '';
      for await (const chunk of await client.models.generateContentStream({ model: 'm', contents: 'hi' }))
        for (const part of chunk.candidates?.[0]?.content?.parts ?? []) text += part.text ?? '';
      return text;
    };
  },
};

const read = await readers[dialect]();
const warmUp = 5; // until the compiler of the engine has settled
const cpu = [];
let text = '';
for (let round = -warmUp; round < Number(rounds); ++round) {
  const before = process.cpuUsage();
  text = await read();
  const { user, system } = process.cpuUsage(before);
  if (round >= 0) cpu.push((user + system) * 1000);
}
console.log(JSON.stringify({ cpu_ns: cpu, text }));
