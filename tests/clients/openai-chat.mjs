// One chat completion with the real `openai` package.
import OpenAI from 'openai';
import { baseURL, fetch, prompt, run, stream } from './report.mjs';

const client = new OpenAI({ apiKey: process.env.OPENAI_API_KEY ?? 'dummy', baseURL, fetch, maxRetries: 0 });
const request = { model: 'gpt-5', messages: [{ role: 'user', content: prompt }] };

await run(async (text) => {
  if (!stream) {
    const answer = await client.chat.completions.create(request);
    text(answer.choices[0].message.content);
    return;
  }

  for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
    const piece = chunk.choices[0]?.delta?.content;
    if (piece) {
      text(piece);
    }
  }
});
