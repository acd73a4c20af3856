"use strict";

// Where a model and arrays may begin in the module's memory: more than any of them asks for.
const ALIGNMENT = 64;
const PAGE_OF_MEMORY = 65536;

/** The model in the module: `run(image)` takes 64 numbers from 0 to 1, and gives the ten scores. */
async function loadModel(bytes) {
  const { instance } = await WebAssembly.instantiate(bytes);
  const { memory, __heap_base, digits_bytes, digits_init, digits_run } = instance.exports;

  // Memory behind the module's own data, which has no other use.
  let end = __heap_base.value;
  const room = (size) => {
    const start = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    end = start + size;
    return start;
  };
  const model = room(digits_bytes());
  const image = room(64 * Float32Array.BYTES_PER_ELEMENT);
  const scores = room(10 * Float32Array.BYTES_PER_ELEMENT);
  const missing = end - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_OF_MEMORY));

  const input = new Float32Array(memory.buffer, image, 64);
  const output = new Float32Array(memory.buffer, scores, 10);
  const check = (code) => {
    if (code !== 0) throw new Error(`the model says ${code}`);
  };
  check(digits_init(model));
  return {
    run(pixels) {
      input.set(pixels);
      check(digits_run(model, image, scores));
      return output;
    },
  };
}

/** The bytes behind base64. */
function bytesOf(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
