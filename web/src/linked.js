// List, timeline and map of the same things: what is pointed at in one lights up in the
// others. `data-read` is one read, `data-camera` all that is at one camera.

for (const page of document.querySelectorAll("[data-linked]")) {
  const thing = (event) => event.target.closest?.("[data-read], [data-camera]");

  const light = (chosen) => {
    for (const old of page.querySelectorAll("[data-lit]")) old.removeAttribute("data-lit");
    if (!chosen) return;
    const { read, camera } = chosen.dataset;
    const at = `[data-camera="${camera}"]`;
    const same = read ? `[data-read="${read}"], ${at}:not([data-read])` : at;
    for (const each of page.querySelectorAll(same)) each.setAttribute("data-lit", "");
  };
  const held = () => page.querySelector("[data-co-selected]");

  page.addEventListener("pointerover", (event) => light(thing(event) ?? held()));
  page.addEventListener("pointerleave", () => light(held()));
  page.addEventListener("focusin", (event) => light(thing(event) ?? held()));

  // A mark or a pin leads to its row, and chooses it as J and K would.
  page.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    const row = link && document.getElementById(link.getAttribute("href").slice(1));
    if (!row?.matches(".co-row")) return;
    event.preventDefault();
    held()?.removeAttribute("data-co-selected");
    row.setAttribute("data-co-selected", "");
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    light(row);
  });
}
