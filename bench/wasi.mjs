// Runs a WASI 0.1 program under Node.js: `node wasi.mjs [--dir HOST::GUEST]... FILE [ARGUMENTS]`.
// Nothing but the listed directories is granted.
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';

const preopens = {};
const rest = process.argv.slice(2);
while (rest[0] === '--dir') {
    const [host, guest] = rest[1].split('::');
    preopens[guest ?? host] = host;
    rest.splice(0, 2);
}
const wasi = new WASI({ version: 'preview1', args: rest, preopens, returnOnExit: true });
const module = await WebAssembly.compile(readFileSync(rest[0]));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
process.exitCode = wasi.start(instance);
