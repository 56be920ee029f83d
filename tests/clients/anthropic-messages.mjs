// One message with the real `@anthropic-ai/sdk` package. The streaming helper of the SDK assembles the events and throws on a sequence
// that it does not understand, so a broken one cannot pass for an answer.
import Anthropic from '@anthropic-ai/sdk';
import { baseURL, fetch, prompt, run, stream } from './report.mjs';

const client = new Anthropic({ apiKey: process.env.ANTHROPIC_API_KEY ?? 'dummy', baseURL, fetch, maxRetries: 0 });
const request = { model: 'claude-sonnet-5', max_tokens: 1024, messages: [{ role: 'user', content: prompt }] };

await run(async (text) => {
  if (!stream) {
    const answer = await client.messages.create(request);
    text(answer.content.map((block) => block.text).join(''));
    return;
  }

  const events = client.messages.stream(request);
  let received = '';
  for await (const event of events) {
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') {
      received += event.delta.text;
      text(event.delta.text);
    }
  }

  const final = await events.finalMessage();
  if (!final.stop_reason || final.content.map((block) => block.text).join('') !== received) {
    throw new Error(`the final message (${final.stop_reason}) does not hold the text of the stream`);
  }
});
