// Runs one command inside a network namespace that has nothing but a loopback of its own, and lets it reach one port outside:
//
//   unshare -rn sh -c 'ip link set lo up && exec "$0" "$@"' node loopback-only.mjs PORT SOCKET COMMAND ARGUMENT…
//
// 127.0.0.1:PORT in here is the Unix socket SOCKET of the machine outside: paths cross network namespaces, ports do not. The command
// starts once the port listens. Its exit code is ours.
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';

const [port, socket, command, ...args] = process.argv.slice(2);

const server = createServer({ allowHalfOpen: true }, (inside) => {
  const outside = connect({ path: socket, allowHalfOpen: true });
  inside.pipe(outside).on('error', () => inside.destroy());
  outside.pipe(inside).on('error', () => outside.destroy());
});

server.listen(Number(port), '127.0.0.1', () => {
  const child = spawn(command, args, { stdio: 'inherit' });
  const forward = (signal) => child.kill(signal);
  process.on('SIGTERM', forward);
  process.on('SIGINT', forward);
  child.on('error', (e) => {
    process.stderr.write(`loopback-only: ${command} does not start: ${e.message}\n`);
    process.exit(127);
  });
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 143 : 1)));
});
