"use strict";

const TURNS = 5;

// ONNX Runtime Web with the same model, where `scripts/web.sh --compare` has put both beside the page.
async function compare() {
  const { model, measure } = await started;
  const ort = await import("./ort/ort.wasm.min.mjs");
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create("./digits.onnx", { executionProviders: ["wasm"] });

  // A gradient: how long it takes does not depend on what is drawn.
  const image = Float32Array.from({ length: 64 }, (_, index) => index / 64);
  const feeds = { image: new ort.Tensor("float32", image, [1, 1, 8, 8]) };
  const theirs = (await session.run(feeds)).scores.data;
  const difference = Math.max(...model.run(image).map((score, digit) => Math.abs(score - theirs[digit])));

  // By turns: what else the machine does slows down both.
  const [own, other] = [[], []];
  for (let turn = 0; turn < TURNS; turn++) {
    own.push(await measure());
    other.push(
      await timeOf(async (calls) => {
        for (let i = 0; i < calls; i++) await session.run(feeds);
      }),
    );
  }
  element("time").textContent = shown(median(own));
  element("ort-time").textContent = shown(median(other));
  element("ort").hidden = false;
  return { own: median(own), ort: median(other), difference, version: ort.env.versions.web };
}

const compared = new URLSearchParams(location.search).has("compare") ? compare() : null;
