// What `v8.rs` asks of node: a module, calls of what it exports, and what they leave behind. One line each way.
"use strict";

// (module (type (struct)) (func (param (ref null 0)) (block (result exnref) (try_table (catch_all_ref 0)) unreachable) drop))
const needed = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 2, 95, 0, 96, 1, 99, 0, 0, 3, 2, 1, 1, 10, 15, 1, 13, 0, 2, 105, 31, 64, 1, 3,
  0, 11, 0, 11, 26, 11,
]);

let exports = {};

const bits = new DataView(new ArrayBuffer(8));

function decode(argument) {
  const [type, hexadecimal] = argument.split(":");
  if (type === "ref") return null;
  const value = BigInt("0x" + hexadecimal);
  bits.setBigUint64(0, value);
  switch (type) {
    case "i32": return bits.getInt32(4);
    case "i64": return bits.getBigInt64(0);
    case "f32": return bits.getFloat32(4);
    case "f64": return bits.getFloat64(0);
  }
  throw new Error("no such type: " + type);
}

function encode(type, value) {
  bits.setBigUint64(0, 0n);
  switch (type) {
    case "i32": bits.setInt32(4, value); break;
    case "i64": bits.setBigInt64(0, value); break;
    // One NaN of each type: its bits are not JavaScript's to tell.
    case "f32": Number.isNaN(value) ? bits.setUint32(4, 0x7fc00000) : bits.setFloat32(4, value); break;
    case "f64": Number.isNaN(value) ? bits.setUint32(0, 0x7ff80000) : bits.setFloat64(0, value); break;
    case "ref": bits.setInt32(4, value === null ? 0 : 1); break;
    default: throw new Error("no such type: " + type);
  }
  return bits.getBigUint64(0).toString(16);
}

const name = (hexadecimal) => Buffer.from(hexadecimal, "hex").toString("utf8");

function stopped(error) {
  if (error instanceof WebAssembly.Exception) return "exception";
  if (error instanceof RangeError) return "stop " + error.message;
  if (error instanceof WebAssembly.RuntimeError) return "trap " + error.message;
  return "refused " + error.message;
}

function hash(bytes) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return (hash >>> 0).toString(16);
}

function look(what) {
  const [kind, hexadecimal, type] = what.split(":");
  const found = exports[name(hexadecimal)];
  if (kind === "global") return encode(type, found.value);
  if (kind === "memory") return found.buffer.byteLength + ":" + hash(new Uint8Array(found.buffer));
  let elements = "";
  const length = Number(found.length);
  for (let i = 0; i < length; i++) {
    elements += found.get(type === "i64" ? BigInt(i) : i) === null ? "0" : "1";
  }
  return length + ":" + elements;
}

function answer(line) {
  const [command, ...words] = line.split(" ");
  switch (command) {
    case "module": {
      const module = new WebAssembly.Module(Buffer.from(words[0], "hex"));
      exports = new WebAssembly.Instance(module, {}).exports;
      return "ok";
    }
    case "call": {
      const results = words[1] === "" ? [] : words[1].split(",");
      const returned = exports[name(words[0])](...words.slice(2).map(decode));
      const values = results.length === 0 ? [] : results.length === 1 ? [returned] : [...returned];
      return ["ok", ...results.map((type, index) => encode(type, values[index]))].join(" ");
    }
    case "look":
      return ["ok", ...words.map(look)].join(" ");
  }
  throw new Error("no such command: " + command);
}

const say = (line) => process.stdout.write(line.replaceAll("\n", " ") + "\n");

say(WebAssembly.validate(needed) ? "ready" : "V8 " + process.versions.v8 + " has no GC, or no exnref");
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  try {
    say(answer(line));
  } catch (error) {
    say(stopped(error));
  }
});
