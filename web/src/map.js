// Lays a map that moves over each drawing of cameras. Whatever goes wrong, the drawing
// stays: it says the same.

import { Map as Moving, Marker, NavigationControl, ScaleControl, addProtocol, setWorkerUrl } from "maplibre-gl";
import { Protocol } from "pmtiles";
import { palette, style } from "./map_style.js";

const SVG = "http://www.w3.org/2000/svg";
const CLOSE_UP = 15;

addProtocol("pmtiles", new Protocol().tile);

/** What a pin of the drawing stands for, if that is a box to tick. */
function ticked(pin) {
  const target = document.getElementById(pin.getAttribute("href")?.slice(1) ?? "");
  return target?.type === "checkbox" ? target : null;
}

/** A pin of the moving map, from the one in the drawing. */
function copy(pin) {
  const box = ticked(pin);
  const made = document.createElement(box ? "button" : pin.hasAttribute("href") ? "a" : "span");
  made.className = pin.getAttribute("class");
  made.dataset.camera = pin.dataset.camera;
  made.setAttribute("aria-label", pin.getAttribute("aria-label"));
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("viewBox", "-44 -44 88 88");
  drawn.setAttribute("aria-hidden", "true");
  for (const part of pin.querySelectorAll(":scope > path, :scope > g")) drawn.append(part.cloneNode(true));
  const name = document.createElement("span");
  name.className = "co-pin__name";
  name.textContent = pin.getAttribute("aria-label");
  made.append(drawn, name);
  if (box) {
    made.type = "button";
    const tell = () => made.setAttribute("aria-pressed", String(box.checked));
    made.addEventListener("click", () => box.click());
    box.addEventListener("change", tell);
    tell();
  } else if (made.tagName === "A") made.href = pin.getAttribute("href");
  else made.setAttribute("role", "img");
  return made;
}

/** The places that the map shows at first: those that matter, or all. */
function bounds(pins) {
  const main = pins.filter((pin) => pin.matches(".co-pin--here, .co-pin--reads"));
  const shown = main.length ? main : pins;
  const along = shown.map((pin) => Number(pin.dataset.longitude));
  const up = shown.map((pin) => Number(pin.dataset.latitude));
  return [[Math.min(...along), Math.min(...up)], [Math.max(...along), Math.max(...up)]];
}

function lay(figure) {
  const pins = [...figure.querySelectorAll(".co-map__drawing .co-pin")];
  if (!pins.length) return;
  const { streets, worker } = figure.dataset;
  setWorkerUrl(worker);
  const map = new Moving({
    container: figure.querySelector(".co-map__live"),
    style: style(palette(figure), streets),
    locale: JSON.parse(figure.dataset.words),
    bounds: bounds(pins),
    fitBoundsOptions: { padding: 48, maxZoom: CLOSE_UP },
    maxZoom: 19,
    attributionControl: false,
    cooperativeGestures: true,
    dragRotate: false,
    pitchWithRotate: false,
    maxPitch: 0,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl(), "bottom-left");
  for (const pin of pins) {
    new Marker({ element: copy(pin) })
      .setLngLat([Number(pin.dataset.longitude), Number(pin.dataset.latitude)])
      .addTo(map);
  }
  // The drawing stays until there is something better to see.
  map.once("load", () => { figure.dataset.live = ""; });
  map.once("idle", () => { figure.dataset.painted = ""; });
  map.on("error", ({ error }) => console.warn("map:", error.message));

  const repaint = () => map.setStyle(style(palette(figure), streets));
  new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);

  const choose = document.querySelector("[data-in-view]");
  if (choose && ticked(pins[0])) {
    choose.hidden = false;
    choose.addEventListener("click", () => {
      const view = map.getBounds();
      for (const pin of pins) {
        const box = ticked(pin);
        const inside = view.contains([Number(pin.dataset.longitude), Number(pin.dataset.latitude)]);
        if (box.checked !== inside) box.click();
      }
    });
  }
}

// A map in a part of the page that nobody opened yet has no size: it waits.
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    // Letters are drawn with the desk's face, so it must be here first.
    document.fonts.load('400 24px "Public Sans"').then(() => lay(target)).catch((error) => {
      console.warn("map:", error.message);
    });
  }
});
for (const figure of document.querySelectorAll("[data-map]")) seen.observe(figure);
