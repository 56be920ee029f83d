// One response with the real `openai` package. The streaming helper of the SDK assembles the events and throws on a sequence that it
// does not understand, so a broken one cannot pass for an answer.
import OpenAI from 'openai';
import { baseURL, fetch, prompt, run, stream } from './report.mjs';

const client = new OpenAI({ apiKey: process.env.OPENAI_API_KEY ?? 'dummy', baseURL, fetch, maxRetries: 0 });
const request = { model: 'gpt-5', input: prompt };

await run(async (text) => {
  if (!stream) {
    const answer = await client.responses.create(request);
    text(answer.output_text);
    return;
  }

  const events = client.responses.stream(request);
  let received = '';
  for await (const event of events) {
    if (event.type === 'response.output_text.delta') {
      received += event.delta;
      text(event.delta);
    }
  }

  const final = await events.finalResponse();
  if (final.status !== 'completed' || final.output_text !== received) {
    throw new Error(`the final response (${final.status}) does not hold the text of the stream`);
  }
});
