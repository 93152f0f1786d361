// Makes a component of a script: SCRIPT WIT WORLD OUTPUT.

import { readFile, writeFile } from 'node:fs/promises';
import { componentize } from '@bytecodealliance/componentize-js';

const [script, witPath, worldName, output] = process.argv.slice(2);
const source = await readFile(script, 'utf8');
// What it does without imports nothing of HTTP.
const disableFeatures = ['http', 'fetch-event'];
const { component } = await componentize(source, { witPath, worldName, disableFeatures });
await writeFile(output, component);
