"use strict";

const BATCHES = 15;
// Clocks of browsers tick in tenths of a millisecond, and some in whole ones.
const BATCH_MS = 5;

/** The median time of a call in microseconds. `runs(calls)` makes so many calls; it may be asynchronous. */
async function timeOf(runs) {
  const batch = async (calls) => {
    const start = performance.now();
    await runs(calls);
    return performance.now() - start;
  };
  let calls = 1;
  while ((await batch(calls)) < BATCH_MS) calls *= 2;
  const times = [];
  for (let i = 0; i < BATCHES; i++) times.push(await batch(calls));
  return (1000 * median(times)) / calls;
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

/** A time for people. */
function shown(micros) {
  return `${micros < 100 ? micros.toFixed(1) : micros.toFixed(0)} µs`;
}
