// Runs a WASI 0.1 program under Node.js: `node wasi.mjs [--dir HOST::GUEST]... FILE [ARGUMENTS]`. With `--invoke NAME` before the file, calls an
// export with the arguments as numbers instead, and prints the result.
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
let invoked = null;
if (rest[0] === '--invoke') {
    [, invoked] = rest.splice(0, 2);
}
const wasi = new WASI({ version: 'preview1', args: rest, preopens, returnOnExit: true });
const module = await WebAssembly.compile(readFileSync(rest[0]));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
if (invoked) {
    console.log(instance.exports[invoked](...rest.slice(1).map(Number)));
} else {
    process.exitCode = wasi.start(instance);
}
