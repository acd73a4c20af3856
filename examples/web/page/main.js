"use strict";

const element = (id) => document.getElementById(id);

/** The place of the highest score. */
function best(scores) {
  return scores.indexOf(Math.max(...scores));
}

/** A row of the table for each digit, and what fills them: bars go from the lowest score to the highest. */
function makeBars(body) {
  const rows = Array.from({ length: 10 }, (_, digit) => {
    const row = body.insertRow();
    const name = document.createElement("th");
    name.scope = "row";
    name.textContent = digit;
    row.append(name);
    const bar = document.createElement("span");
    row.insertCell().append(bar);
    row.insertCell();
    return row;
  });
  return (scores) => {
    const [low, high] = scores ? [Math.min(...scores), Math.max(...scores)] : [0, 1];
    rows.forEach((row, digit) => {
      const part = scores ? (scores[digit] - low) / (high - low) : 0;
      row.querySelector("span").style.width = `${100 * part}%`;
      row.cells[2].textContent = scores ? scores[digit].toFixed(1).replace("-", "−") : "";
      row.className = scores && digit === best(scores) ? "best" : "";
    });
  };
}

/** Shows the 64 counts as a picture. */
function showPicture(canvas, counts) {
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = getComputedStyle(canvas).color;
  counts?.forEach((count, index) => {
    context.globalAlpha = count / 16;
    context.fillRect(index % 8, Math.floor(index / 8), 1, 1);
  });
}

async function start() {
  const model = await loadModel(bytesOf(WASM));
  const showScores = makeBars(element("scores"));
  let image = new Float32Array(64);

  const read = () => {
    const drawn = paper.strokes.length > 0;
    const counts = drawn ? pictureOf(paper.strokes) : null;
    showPicture(element("picture"), counts);
    if (drawn) image = Float32Array.from(counts, (count) => count / 16);
    const scores = drawn ? model.run(image) : null;
    showScores(scores);
    element("answer").textContent = drawn ? `This is a ${best(scores)}.` : "Draw a digit.";
  };
  const measure = async () => {
    const micros = await timeOf((calls) => {
      for (let i = 0; i < calls; i++) model.run(image);
    });
    element("time").textContent = shown(micros);
    return micros;
  };
  const paper = makePaper(element("paper"), read, () => setTimeout(measure));
  element("clear").addEventListener("click", () => paper.clear());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", read);
  showScores(null);
  element("answer").textContent = "Draw a digit.";
  await measure();
  return { model, measure };
}

const started = start();
started.catch((error) => {
  element("answer").textContent = `This browser cannot run the model: ${error.message}`;
});
