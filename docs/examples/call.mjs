// Calls a function of a Python file in one of a project's environments:
//   node call.mjs ENV FILE FUNCTION '[ARGUMENTS]'
// Needs nothing but Node.js and the command pipeline.
import { spawn } from "node:child_process";

const [environment, file, name, args = "[]"] = process.argv.slice(2);
const worker = spawn("pipeline", ["call", environment, file, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });

function send(message, parts = []) {
  if (parts.length) message.parts = parts.map((part) => part.length);
  const text = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(16);
  head.writeUInt32LE(text.length, 0);
  head.writeBigUInt64LE(BigInt(parts.reduce((sum, part) => sum + part.length, 0)), 8);
  worker.stdin.write(Buffer.concat([head, text, ...parts]));
}

async function* frames(stream) {
  let buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    buffer = Buffer.concat([buffer, chunk]);
    while (buffer.length >= 16) {
      const length = buffer.readUInt32LE(0);
      const end = 16 + length + Number(buffer.readBigUInt64LE(8));
      if (buffer.length < end) break;
      const message = JSON.parse(buffer.subarray(16, 16 + length));
      let position = 16 + length;
      message.parts = (message.parts ?? []).map((size) => buffer.subarray(position, (position += size)));
      buffer = buffer.subarray(end);
      yield message;
    }
  }
}

for await (const message of frames(worker.stdout)) {
  if (message.hello) send({ version: 1, capabilities: [], args: [], kwargs: {} });
  else if (message.ready) send({ call: 1, function: name, args: JSON.parse(args), kwargs: {} });
  else if (message.progress) console.error(message.progress.note);
  else {
    const failed = message.failed ?? message.error ?? message.lost;
    if (failed) console.error(failed.traceback || failed.message);
    else console.log(JSON.stringify(message.value));
    process.exitCode = failed ? 1 : 0;
    send({ close: true });
    worker.stdin.end();
  }
}
