// What the three SDK scripts share: how they are told what to do, and how they tell what happened.
//
//   --base-url URL   talk to this address; without it the SDK's own address is used, through the proxy of HTTPS_PROXY
//   --stream         ask for a stream
//   --prompt FILE    the prompt; standard input without it
//
// Each thing that happens is one JSON line on standard output, with `t` in milliseconds since the start:
//   request {method, url, bytes, sha256}   just before a request leaves: the very body that the SDK made
//   response {status}                      its head has come back
//   text {text}                            one received piece of text
//   done {text}                            the whole answer
//   error {status, message}                what the SDK told its caller
// Exit code 0 after done, 3 after error.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { EnvHttpProxyAgent, Agent, fetch as undiciFetch } from 'undici';

const { values } = parseArgs({
  options: {
    'base-url': { type: 'string' },
    stream: { type: 'boolean', default: false },
    prompt: { type: 'string' },
  },
});

export const baseURL = values['base-url'];
export const stream = values.stream;
export const prompt = readFileSync(values.prompt ?? 0, 'utf8');

export function tell(event, fields) {
  process.stdout.write(`${JSON.stringify({ t: Math.round(performance.now()), event, ...fields })}\n`);
}

const dispatcher = baseURL ? new Agent() : new EnvHttpProxyAgent();

/** The fetch that the SDK is given: undici's own, so that its dispatcher fits whatever Node runs this. */
export async function fetch(url, init) {
  const body = typeof init?.body === 'string' ? Buffer.from(init.body) : Buffer.alloc(0);
  tell('request', {
    method: init?.method ?? 'GET',
    url: String(url),
    bytes: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
  });
  const response = await undiciFetch(url, { ...init, dispatcher });
  tell('response', { status: response.status });
  return response;
}

/** Runs one exchange. `exchange` calls its argument with every piece of text. */
export async function run(exchange) {
  let text = '';
  try {
    await exchange((piece) => {
      text += piece;
      tell('text', { text: piece });
    });
    tell('done', { text });
  } catch (e) {
    const messages = [];
    for (let at = e; at && messages.length < 5; at = at.cause) {
      messages.push(String(at.message ?? at));
    }

    tell('error', { status: e.status ?? 0, message: messages.join(': ') });
    process.exitCode = 3;
  } finally {
    await dispatcher.close();
  }
}
