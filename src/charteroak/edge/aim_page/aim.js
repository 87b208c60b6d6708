// Asks for the last look twice a second and shows it; no library, no other address.

const EVERY_MS = 500;
const STALE_S = 5;
const at = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
let shown = 0;
let best = Infinity;
// The last car counts until the next one comes: it takes a while to look at a phone.
let last = { plate: null, at: 0 };

const set = (id, text) => {
  if (at(id).textContent !== text) at(id).textContent = text;
};

const upper = (word) => word[0].toUpperCase() + word.slice(1);

function showVerdict(look) {
  const { plate } = last;
  const ago = Math.round((performance.now() - last.at) / 1000);
  let [kind, word, advice] = ["none", "No plate yet", "Wait for a car, or hold a plate where cars will pass."];
  if (look.trouble) [kind, word, advice] = ["bad", "No picture", `${upper(look.trouble)}.`];
  else if (look.age_s > STALE_S) [kind, word, advice] = ["bad", "No new picture", `The last one is ${Math.round(look.age_s)} s old.`];
  else if (plate) {
    kind = { good: "good", small: "small" }[plate.verdict] ?? "bad";
    [word, advice] = [upper(plate.verdict), plate.advice];
  }
  at("verdict").className = `verdict ${kind}`;
  set("word", word);
  set("advice", advice);
  set("ago", plate && ago > 2 ? `The last car, ${ago} s ago.` : "");
}

function showPlate(look) {
  const plate = look.plates[0];
  if (!plate) return;
  last = { plate, at: performance.now() };
  set("width", String(plate.width_px));
  set("edge", plate.edge_px.toFixed(1));
  set("contrast", String(Math.round(plate.contrast)));
  at("width-bar").value = plate.width_px;
  at("edge-bar").value = plate.edge_px / plate.width_px;
  at("contrast-bar").value = plate.contrast;
  set("reading", plate.reading);
  // Never "100 %": no reading is certain.
  set("certainty", `read with ${Math.min(99, Math.floor(plate.confidence * 100))} % certainty`);
  at("plate").hidden = false;
  at("plate").src = `plate.jpg?look=${look.number}`;
}

function showView(look) {
  at("view").src = `view.jpg?look=${look.number}`;
  at("boxes").replaceChildren(
    ...look.plates.map(({ box }) => {
      const frame = document.createElementNS(SVG, "rect");
      ["x", "y", "width", "height"].forEach((name, i) => frame.setAttribute(name, box[i]));
      return frame;
    }),
  );
  if (look.focus_px > 0) best = Math.min(best, look.focus_px);
  set("size", `${look.size_px[0]} × ${look.size_px[1]} pixels`);
  set("focus", `${look.focus_px.toFixed(1)} px`);
  set("best", Number.isFinite(best) ? `${best.toFixed(1)} px` : "–");
  const glare = look.blown > 0.02 ? `, ${Math.round(look.blown * 100)} % blown out` : "";
  set("bright", `${Math.round(look.bright * 100)} %${glare}`);
}

async function ask() {
  try {
    const answer = await fetch("view.json", { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    const look = await answer.json();
    set("age", look.number ? `${look.age_s.toFixed(1)} s ago` : "–");
    if (look.number && look.number !== shown) {
      shown = look.number;
      showPlate(look);
      showView(look);
    }
    showVerdict(look);
  } catch {
    at("verdict").className = "verdict bad";
    set("word", "No answer");
    set("advice", "The command has ended, or the network is gone.");
  }
  setTimeout(ask, EVERY_MS);
}

ask();
