// Keys 1 to 4 tick the checks; Confirm opens when all four are ticked. The server asks
// for all four again, whatever a browser says.

const form = document.querySelector("[data-checks]");
if (form) {
  const boxes = [...form.querySelectorAll("[data-key]")];
  const confirm = form.querySelector("[data-confirm]");
  const renew = () => {
    const ready = boxes.every((box) => box.checked);
    confirm.disabled = !ready;
    confirm.textContent = ready ? confirm.dataset.ready : confirm.dataset.wait;
  };
  for (const box of boxes) box.addEventListener("change", renew);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches?.("select, textarea, input:not([type=checkbox])")) return;
    const box = boxes.find((each) => each.dataset.key === event.key);
    if (!box) return;
    event.preventDefault();
    box.checked = !box.checked;
    box.focus();
    renew();
  });
  window.addEventListener("pageshow", renew);
  renew();
}

const copying = document.querySelector("[data-copy-tools]");
if (copying && navigator.clipboard) {
  copying.hidden = false;
  for (const button of copying.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      copying.querySelector("[data-copy-said]").textContent = copying.dataset.copied;
    });
  }
}

document.querySelector("[data-refused]")?.focus();
