// What makes the desk quicker for those who have scripts; every page works without.

const THEME = "charteroak-theme";
const root = document.documentElement;

function isDark() {
  return getComputedStyle(root).colorScheme.trim() === "dark" ||
    (getComputedStyle(root).colorScheme.includes("light dark") &&
      matchMedia("(prefers-color-scheme: dark)").matches);
}

for (const button of document.querySelectorAll("[data-co-theme]")) {
  const tell = () => {
    button.setAttribute("aria-pressed", String(isDark()));
    button.title = isDark() ? button.dataset.light : button.dataset.dark;
  };
  button.hidden = false;
  tell();
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    root.dataset.theme = theme;
    try {
      localStorage.setItem(THEME, theme);
    } catch {
      // Without storage it holds for this page.
    }
    tell();
  });
}

// On a phone the navigation scrolls: the page one is on shall be in sight.
const here = document.querySelector('.co-nav [aria-current="page"]');
const nav = here?.closest(".co-nav");
if (nav) nav.scrollLeft = Math.max(0, here.offsetLeft + here.offsetWidth - nav.clientWidth);

// An open menu closes when somebody goes on elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.co-me[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelector("[data-co-selected]")?.removeAttribute("data-co-selected");
  for (const menu of document.querySelectorAll("details.co-me[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// J and K go down and up a list marked data-co-list, Enter opens what is chosen: the
// first link of the row, or the one marked data-co-open.
const typing = (target) =>
  target instanceof HTMLElement && target.matches("input, select, textarea, [contenteditable]");

function move(step) {
  const rows = [...document.querySelectorAll("[data-co-list] .co-row")].filter(
    (row) => row.offsetParent !== null,
  );
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.hasAttribute("data-co-selected"));
  const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1);
  rows[at]?.removeAttribute("data-co-selected");
  rows[next].setAttribute("data-co-selected", "");
  if (!rows[next].hasAttribute("tabindex")) rows[next].tabIndex = -1;
  rows[next].focus({ preventScroll: true });
  rows[next].scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "j" || event.key === "J") move(1);
  else if (event.key === "k" || event.key === "K") move(-1);
  else if (event.key === "Enter" && event.target.matches?.(".co-row, body")) {
    const row = document.querySelector("[data-co-list] .co-row[data-co-selected]");
    (row?.querySelector("[data-co-open]") ?? row?.querySelector("a[href]"))?.click();
  } else return;
  if (event.key !== "Enter") event.preventDefault();
});

// A message about what was not taken is read first.
document.querySelector("[data-co-focus]")?.focus();

// A form is sent once, however often somebody presses.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.coSent) event.preventDefault();
  else if (!event.target.hasAttribute("hx-post")) event.target.dataset.coSent = "1";
  // Where the answer is a file, the page stays: what broke off can be asked for again.
  if (event.target.hasAttribute("data-co-file")) {
    setTimeout(() => delete event.target.dataset.coSent, 3000);
  }
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-co-sent]")) delete form.dataset.coSent;
});
