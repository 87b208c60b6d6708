// The board renews itself: every connection begins with the whole board, so nothing is
// lost while this machine slept. It sounds for what it has not sounded for yet.

const SOUND = "charteroak-sound";
const SILENT_FOR_MS = 40_000; // heartbeats come every 15 seconds
const PATIENCE_MS = 2_500; // a stream ends by itself once a minute; that is no trouble

const board = document.querySelector("[data-board]");
const alerts = board.querySelector("[data-alerts]");
const strip = board.querySelector("[data-strip]");
const down = board.querySelector("[data-down]");
const state = board.querySelector("[data-connection]");
const bell = board.querySelector("[data-sound]");
const language = document.documentElement.lang || "en";

// ------------------------------------------------------------------ relative times

const relative = new Intl.RelativeTimeFormat(language, { numeric: "always" });
const present = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

function renewAges() {
  for (const age of document.querySelectorAll("[data-since]")) {
    const seconds = Math.round((Date.now() - clockAhead - Date.parse(age.dataset.since)) / 1000);
    const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS[3];
    const text = (seconds ? relative : present).format(-Math.trunc(seconds / size), unit);
    if (age.textContent !== text) age.textContent = text;
  }
}

// This machine's clock may be off; ages are by the server's.
let clockAhead = 0;
function setClock() {
  const asof = strip.querySelector("[data-asof]");
  if (asof) clockAhead = Date.now() - Date.parse(asof.dataset.asof);
}

// --------------------------------------------------------------------------- sound

let audio = null;
let wanted = false;
try {
  wanted = localStorage.getItem(SOUND) === "on";
} catch {
  // Without storage it holds for this page.
}
const awake = () => audio !== null && audio.state === "running";

function wake() {
  if (!wanted) return;
  audio ??= new AudioContext();
  audio.resume().then(showBell, showBell);
}

function tone() {
  if (!wanted || !awake()) return;
  const volume = audio.createGain();
  volume.connect(audio.destination);
  // Two rising notes, twice: heard over radio talk, and unlike a telephone.
  [[740, 0], [988, 0.16], [740, 0.5], [988, 0.66]].forEach(([pitch, after]) => {
    const at = audio.currentTime + after;
    const note = audio.createOscillator();
    const fade = audio.createGain();
    note.type = "triangle";
    note.frequency.value = pitch;
    fade.gain.setValueAtTime(0.0001, at);
    fade.gain.exponentialRampToValueAtTime(0.5, at + 0.02);
    fade.gain.exponentialRampToValueAtTime(0.0001, at + 0.3);
    note.connect(fade).connect(volume);
    note.start(at);
    note.stop(at + 0.32);
  });
}

function showBell() {
  const sounding = wanted && awake();
  bell.hidden = false;
  bell.textContent = sounding ? bell.dataset.on : wanted ? bell.dataset.asleep : bell.dataset.off;
  bell.setAttribute("aria-pressed", String(sounding));
  bell.classList.toggle("usa-button--outline", sounding);
}

bell.addEventListener("click", (event) => {
  event.stopPropagation();
  wanted = !(wanted && awake());
  try {
    localStorage.setItem(SOUND, wanted ? "on" : "off");
  } catch {
    // Without storage it holds for this page.
  }
  if (!wanted) return showBell();
  audio ??= new AudioContext();
  audio.resume().then(() => { showBell(); tone(); }, showBell);
});
// A browser keeps a page silent until somebody touches it.
for (const touch of ["pointerdown", "keydown"]) {
  document.addEventListener(touch, () => { if (!awake()) wake(); }, { capture: true });
}
wake();
showBell();

// ---------------------------------------------------------------------- the alerts

const loud = () => (alerts.querySelector("[data-loud]")?.dataset.loud ?? "").split(" ").filter(Boolean);
const sounded = new Set(loud());

// Every alert that this page knows of, also those outside its filter.
const numbers = () => new Set([
  ...[...alerts.querySelectorAll("[data-alert]")].map((card) => card.dataset.alert),
  ...loud(),
]);

function showCount() {
  const count = Number(alerts.querySelector("[data-waiting]")?.dataset.waiting ?? 0);
  document.title = (count ? `(${count}) ` : "") + document.title.replace(/^\(\d+\) /, "");
}

function replaceAlerts(html) {
  const chosen = alerts.querySelector("[data-co-selected]")?.dataset.alert;
  const focus = alerts.contains(document.activeElement) ? document.activeElement : null;
  const held = focus?.closest("[data-alert]")?.dataset.alert;
  const role = focus?.matches("[data-take]") ? "[data-take]" : focus?.matches("[data-co-open]") ? "[data-co-open]" : "";
  const before = new Set([...alerts.querySelectorAll("[data-alert]")].map((each) => each.dataset.alert));
  const known = numbers();
  alerts.innerHTML = html;
  showAway([...numbers()].filter((number) => !known.has(number)).length);
  for (const card of alerts.querySelectorAll("[data-alert]")) {
    if (!before.has(card.dataset.alert)) card.setAttribute("data-new", "");
    if (card.dataset.alert === chosen) card.setAttribute("data-co-selected", "");
    if (card.dataset.alert === held) {
      const again = (role && card.querySelector(role)) || card;
      if (again === card) card.tabIndex = -1;
      again.focus({ preventScroll: true });
    }
  }
  const fresh = loud().filter((number) => !sounded.has(number));
  for (const number of fresh) sounded.add(number);
  if (fresh.length) tone();
  showCount();
  renewAges();
}

function replaceStrip(html) {
  const open = strip.querySelector("details")?.open ?? false;
  strip.innerHTML = html;
  const details = strip.querySelector("details");
  if (details) details.open = open;
  down.innerHTML = "";
  setClock();
}

// ---------------------------------------------------------------------- connection

let stream = null;
let heardAt = Date.now();
let lostAt = null;
let out = false;
let gap = null; // from when to when nothing came, until the next list is shown
const away = board.querySelector("[data-away]");

function time(moment) {
  return new Date(moment).toLocaleTimeString(language, { hourCycle: "h23" });
}

// What came while nobody could see it must not pass for what was always there.
function showAway(came) {
  if (gap === null) return;
  away.querySelector("[data-away-text]").textContent = away.dataset.away
    .replace("{from}", time(gap.from)).replace("{until}", time(gap.until)).replace("{n}", came);
  away.hidden = false;
  gap = null;
}
away.querySelector("button").addEventListener("click", () => { away.hidden = true; });

function showConnection() {
  const lost = lostAt !== null && Date.now() - lostAt > PATIENCE_MS;
  state.hidden = false;
  state.dataset.state = out || lost ? "lost" : "live";
  let text = state.dataset.live;
  if (out) text = state.dataset.out;
  else if (lost) {
    text = `${state.dataset.lost} ${time(lostAt)}`;
  } else if (stream?.readyState !== EventSource.OPEN && lostAt === null) text = state.dataset.connecting;
  // Said to screen readers once, not every second.
  if (state.textContent !== text) state.textContent = text;
}

// Says whether what came is to be shown.
function heard() {
  const now = Date.now();
  const from = lostAt ?? heardAt;
  const long = now - from > SILENT_FOR_MS;
  if (long) gap = { from: gap?.from ?? from, until: now };
  // A page that slept hears what lay about on its way: it asks for the whole list.
  const slept = long && lostAt === null;
  heardAt = now;
  lostAt = null;
  out = false;
  showConnection();
  if (slept) connect();
  return !slept;
}

function lose() {
  lostAt ??= heardAt;
  showConnection();
}

async function comeAgain() {
  // A stream that was refused says nothing of why; the page does.
  try {
    const answer = await fetch(board.dataset.events.split("?")[0].replace("/events", ""), {
      redirect: "manual",
      cache: "no-store",
    });
    out = answer.status === 401 || answer.status === 403;
  } catch {
    out = false;
  }
  showConnection();
  setTimeout(connect, out ? 15_000 : 3_000);
}

function connect() {
  stream?.close();
  const mine = new EventSource(board.dataset.events);
  stream = mine;
  mine.addEventListener("open", heard);
  mine.addEventListener("board", (event) => { if (heard()) replaceAlerts(event.data); });
  mine.addEventListener("strip", (event) => { if (heard()) replaceStrip(event.data); });
  mine.addEventListener("down", (event) => { if (heard()) down.innerHTML = event.data; });
  mine.addEventListener("error", () => {
    lostAt ??= Date.now();
    showConnection();
    if (mine.readyState === EventSource.CLOSED && mine === stream) comeAgain();
  });
}

setInterval(() => {
  renewAges();
  showConnection();
  if (Date.now() - heardAt > SILENT_FOR_MS && !out) {
    lose();
    heardAt = Date.now();
    connect();
  }
}, 1000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && stream?.readyState !== EventSource.OPEN && !out) connect();
});
window.addEventListener("online", () => connect());
window.addEventListener("pagehide", () => stream?.close());
window.addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
setClock();
showCount();
connect();
showConnection();

// -------------------------------------------------------------------------- acting

async function take(button) {
  button.disabled = true;
  const form = new FormData(document.getElementById(button.getAttribute("form")));
  try {
    const answer = await fetch(button.formAction, {
      method: "POST",
      body: new URLSearchParams(form),
      redirect: "manual",
    });
    // A redirect back to the board is a yes; the stream brings the new card.
    if (answer.type !== "opaqueredirect") location.reload();
  } catch {
    button.disabled = false;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-take]");
  if (!button) return;
  event.preventDefault();
  take(button);
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches?.("input, select, textarea")) return;
  if (event.key !== "a" && event.key !== "A") return;
  const button = alerts.querySelector("[data-co-selected] [data-take]");
  if (button && !button.disabled) take(button);
});
for (const select of document.querySelectorAll("[data-submit-on-change] select")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}
