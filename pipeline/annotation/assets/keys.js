// The actions of keys and buttons, and the start of the page.

const KEYS = {
  b: () => click(page.background),
  " ": () => player.toggle(),
  ",": () => player.step(-1),
  ".": () => player.step(1),
  ArrowLeft: ({ shiftKey }) => shift(shiftKey ? -10 : -1),
  ArrowRight: ({ shiftKey }) => shift(shiftKey ? 10 : 1),
  "-": () => player.changeSpeed(-1),
  "+": () => player.changeSpeed(1),
  "=": () => player.changeSpeed(1),
  "[": () => jump(-1),
  "]": () => jump(1),
  x: () => player.frames && removeClick(nearestClick(work().points, player.seconds)),
  z: undo,
  m: note,
  n: jumpToHint,
  h: toggleHalf,
  "/": startSearch,
  "?": () => ask("help"),
  Tab: ({ shiftKey }) => open(current + (shiftKey ? -1 : 1)),
  F6: () => byId("previous").focus(),
  Escape: () => document.activeElement.blur(),
};

function shift(seconds) {
  if (player.frames) player.seek(player.frames.starts[player.frame] + seconds);
}

let resumes = false; // whether the video plays on after the search

function startSearch() {
  if (classes.search.hidden) return;
  resumes = !player.video.paused;
  player.video.pause();
  classes.search.focus();
}

function endSearch(label) {
  classes.endSearch();
  if (label) click(label);
  if (resumes) player.video.play();
}

function searchKey(event) {
  if (event.key === "Enter") endSearch(classes.firstFound);
  else if (event.key === "Escape") endSearch();
  else return;
  event.preventDefault();
}

// Return whether the focused control needs a key itself, such as letters in a field.
function isTaken({ key, target }) {
  if (key === "Escape" || key === "F6") return false;
  if (target.matches("input, select")) return true;
  const isControl = target !== document.body && target !== player.video;
  return isControl && (key === "Tab" || (key === " " && target.matches("button")));
}

function press(event) {
  lastInput = performance.now();
  const isAltGraph = event.getModifierState("AltGraph");
  if (document.querySelector("dialog[open]")) return;
  if (event.metaKey || ((event.ctrlKey || event.altKey) && !isAltGraph) || isTaken(event)) return;
  const isDigit = /^\d$/.test(event.key);
  // French keyboards need Shift for digits, so the key's position counts.
  const [, digit] = /^Digit(\d)$/.exec(event.code) ?? [];
  const slot = isDigit ? event.key : event.key in KEYS ? null : digit;
  if (slot) click(classes.labelOf(slot));
  else if (event.key in KEYS) KEYS[event.key](event);
  else return;
  event.preventDefault();
}

document.addEventListener("keydown", press);
document.addEventListener("pointermove", () => (lastInput = performance.now()));
document.addEventListener("click", ({ detail, target }) => {
  // After a mouse click on a button, Space and Tab must control the video again.
  if (detail > 0) target.closest("button")?.blur();
});
classes.search.addEventListener("keydown", searchKey);
for (const [id, act] of Object.entries({
  previous: () => open(current - 1),
  next: () => open(current + 1),
  play: () => player.toggle(),
  film: () => player.toggle(),
  back: () => player.step(-1),
  forward: () => player.step(1),
  half: toggleHalf,
  keys: () => ask("help"),
  import: () => byId("file").click(),
  export: () => download(page.pointsName, exported()),
})) {
  byId(id).addEventListener("click", act);
}
byId("file").addEventListener("change", ({ target }) => {
  importFile(target.files).finally(() => (target.value = ""));
});
byId("video").append(...works.map((_, number) => new Option("", number)));
byId("video").addEventListener("change", ({ target }) => {
  open(Number(target.value));
  target.blur();
});
byId("speed").append(...SPEEDS.map((speed) => new Option(`${speed}×`, speed)));
byId("speed").addEventListener("change", ({ target }) => {
  player.setSpeed(Number(target.value));
  target.blur();
});
for (const name of ["play", "pause", "ratechange"]) player.video.addEventListener(name, moved);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", moved);
new ResizeObserver(moved).observe(byId("whole"));
setInterval(() => measure(1), 1000);
addEventListener("beforeunload", (event) => {
  if (works.some((w) => !w.isSaved)) event.preventDefault();
});
addEventListener("pagehide", () => work().unsent >= 1 && work().save());

readAll().then(
  () => open(0),
  (error) => (byId("message").textContent = `The clicks could not be read: ${error.message}`),
);
