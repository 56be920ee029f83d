// Several turns on one WebSocket with the client of the real `openai` package.
//
//   --base-url URL   talk to this address; without it the SDK's own address is used, through the proxy of HTTPS_PROXY
//
// Standard input is a JSON array of prompts, one a turn; standard output a JSON array of the answers' texts. Exit code 3 after an error, which is told on
// standard error.
import { connect } from 'node:net';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { parseArgs } from 'node:util';
import OpenAI from 'openai';
import { ResponsesWS } from 'openai/resources/responses/ws';

const { values } = parseArgs({ options: { 'base-url': { type: 'string' } } });
const prompts = JSON.parse(readFileSync(0, 'utf8'));

/** Opens a tunnel through the proxy first: ws has no proxy of its own. */
class TunnelAgent extends Agent {
  createConnection(options, done) {
    const proxy = new URL(process.env.HTTPS_PROXY);
    const socket = connect(Number(proxy.port), proxy.hostname, () =>
      socket.write(`CONNECT ${options.host}:${options.port} HTTP/1.1\r\nHost: ${options.host}:${options.port}\r\n\r\n`),
    );
    socket.once('error', done);
    let head = '';
    const onData = (chunk) => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) {
        return;
      }

      socket.off('data', onData);
      if (!head.startsWith('HTTP/1.1 200')) {
        done(new Error(`the proxy answered ${head.split('\r\n')[0]}`));
        return;
      }

      const tls = connectTls({ socket, servername: options.host, ALPNProtocols: ['http/1.1'] }, () => done(null, tls));
      tls.once('error', done);
    };
    socket.on('data', onData);
  }
}

const client = new OpenAI({ apiKey: process.env.OPENAI_API_KEY ?? 'dummy', baseURL: values['base-url'] });
const socket = new ResponsesWS(client, values['base-url'] ? {} : { agent: new TunnelAgent() });
const answers = [];
let text = '';

const ask = () => socket.send({ type: 'response.create', model: 'gpt-5', input: prompts[answers.length] });
const fail = (e) => {
  process.stderr.write(`${e.message}\n`);
  process.exit(3);
};

socket.on('error', fail);
socket.on('response.output_text.delta', (event) => {
  text += event.delta;
});
socket.on('response.completed', (event) => {
  const whole = event.response.output.flatMap((item) => item.content ?? []).map((part) => part.text).join('');
  if (whole !== text) {
    fail(new Error('the final response does not hold the text of the stream'));
  }

  answers.push(text);
  text = '';
  if (answers.length < prompts.length) {
    ask();
    return;
  }

  socket.close();
  process.stdout.write(JSON.stringify(answers));
});
ask();
