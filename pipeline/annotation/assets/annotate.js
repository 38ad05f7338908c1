// The page: which video is shown, what is clicked, what the keys do.
const NEAR_SECONDS = 20; // that the strip around the play-head shows
const IDLE_SECONDS = 30; // without a key or movement, nobody is at work
const CURVES = 3;

const byId = (id) => document.getElementById(id);
const page = JSON.parse(byId("data").textContent);
const store = page.static
  ? new LocalStore(page.static, page.videos, [...page.classes, page.background])
  : new ServerStore();
const works = page.videos.map(({ id }, number) => new Work(number, id, store, changed));
const player = new Player(byId("film"), moved);
const classes = new Classes(page, click);
const whole = new Strip(byId("whole"), (seconds) => player.seek(seconds));
const near = new Strip(byId("near"), (seconds) => player.seek(seconds));
const curves = new Strip(byId("curves"), (seconds) => player.seek(seconds));
let current = 0; // the number of the video
let half = page.half;
let hints = null;
let lastInput = performance.now();

const work = () => works[current];

// Show

function changed() {
  const { points } = work();
  classes.count(countsOf(points), countsOf(works.flatMap((w) => w.points)));
  const clicked = works.filter((w) => w.points.length).length;
  const total = works.reduce((sum, w) => sum + w.points.length, 0);
  byId("total").textContent = `${points.length} here, ${total} in ${clicked} of ${works.length} videos`;
  byId("clicks").replaceChildren(...points.map(clickItem));
  works.forEach((w, number) => {
    const option = byId("video").options[number];
    const count = w.points.length;
    const text = `${number + 1} / ${works.length}   ${w.id}${count ? `   (${count})` : ""}`;
    if (option.textContent !== text) option.textContent = text;
  });
  showSaved();
  moved();
}

function showSaved() {
  const failed = works.find((w) => w.error);
  const asking = works.find((w) => w.isAsking);
  const open = works.some((w) => !w.isSaved);
  const [state, text] = asking
    ? ["failed", "Not saved: changed elsewhere"]
    : failed
      ? ["failed", `Not saved, trying again: ${failed.error}`]
      : open
        ? ["saving", "Saving…"]
        : ["saved", page.static ? "Saved in this browser" : "Saved"];
  Object.assign(byId("saved").dataset, { state });
  byId("saved").textContent = text;
}

function clickItem(click) {
  const item = document.createElement("li");
  const [go, remove] = [document.createElement("button"), document.createElement("button")];
  go.type = remove.type = "button";
  const time = document.createElement("span");
  time.className = "time";
  time.textContent = clockText(click.seconds);
  go.style.setProperty("--colour", `var(${colourName(click.label, page)})`);
  go.classList.toggle("background", click.label === page.background);
  go.append(time, chip(click.note ? `${click.label} — ${click.note}` : click.label));
  go.addEventListener("click", () => jumpTo(click.seconds));
  remove.textContent = "×";
  remove.className = "remove";
  remove.ariaLabel = `Delete ${click.label} at ${clockText(click.seconds)}`;
  remove.addEventListener("click", () => removeClick(click));
  item.append(go, remove);
  return item;
}

function moved() {
  const { video, frames, index } = player;
  byId("play").textContent = video.paused ? "▶" : "❚❚";
  byId("play").ariaLabel = video.paused ? "Play" : "Pause";
  byId("speed").value = video.playbackRate;
  byId("half").ariaPressed = String(Boolean(work().spans));
  if (!frames) return;
  const start = frames.starts[index];
  byId("clock").textContent = clockText(start);
  byId("frame").textContent = `frame ${index} of ${frames.count}`;
  whole.element.ariaValueMax = frames.endSeconds.toFixed(3);
  whole.element.ariaValueNow = start.toFixed(3);
  whole.element.ariaValueText = clockText(start);
  drawStrip(whole, 0, frames.endSeconds, false);
  drawStrip(near, start - NEAR_SECONDS / 2, start + NEAR_SECONDS / 2, true);
  if (hints?.cas) drawCurves();
  const nearest = nearestClick(work().points, player.seconds);
  [...byId("clicks").children].forEach((item, k) => {
    item.classList.toggle("current", work().points[k] === nearest);
  });
}

function drawStrip(strip, from, to, isNear) {
  const end = player.frames.endSeconds;
  strip.begin(from, to);
  strip.bar(0, end, "--track");
  if (work().spans) {
    strip.bar(0, end, "--off");
    for (const [start, stop] of work().spans) strip.bar(start, stop, "--track");
  }
  strip.ticks(end);
  for (const point of work().points) {
    if (point.seconds < from || point.seconds > to) continue;
    strip.click(point, point.label !== page.background, colourName(point.label, page), isNear);
  }
  strip.playhead(player.frames.starts[player.index]);
}

// The classes that the model sees most of, on one scale.
function drawCurves() {
  const { categories, seconds, cas } = hints;
  const rows = categories.map((label, k) => ({ label, values: cas[k], most: Math.max(...cas[k]) }));
  const shown = rows
    .filter(({ label }) => page.classes.includes(label))
    .sort((a, b) => b.most - a.most)
    .slice(0, CURVES);
  const values = shown.flatMap((row) => row.values);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  curves.begin(0, player.frames.endSeconds);
  curves.bar(0, player.frames.endSeconds, "--track");
  for (const row of shown) {
    curves.curve(seconds, row.values, low, high + 1e-9, colourName(row.label, page));
  }
  curves.playhead(player.frames.starts[player.index]);
}

function toast(text, label) {
  const box = byId("toast");
  box.style.setProperty("--colour", label ? `var(${colourName(label, page)})` : "var(--accent)");
  box.replaceChildren(chip(text));
  box.classList.toggle("background", label === page.background);
  for (const animation of box.getAnimations()) animation.cancel();
  box.animate({ opacity: [1, 1, 0] }, { duration: 1800, fill: "forwards" });
}

// Videos

async function open(number) {
  if (works[current].unsent >= 1) works[current].save();
  current = (number + page.videos.length) % page.videos.length;
  const opened = current;
  byId("video").value = current;
  hints = null;
  byId("curves").hidden = true;
  byId("clock").textContent = byId("frame").textContent = "";
  player.unload();
  changed();
  const note = (text) => opened === current && (byId("message").textContent = text);
  try {
    note("Reading the frames’ times…");
    const { frames } = await until(
      () => store.ready(opened),
      (said) => note(`Making this video ready for browsers: ${Math.round(100 * said.share)} %`),
      () => opened === current,
    );
    await player.load(page.videos[opened].source, new Frames(frames));
    note("");
    if (half && work().isEmpty) work().spans = halfSpans();
    player.spans = work().spans;
    changed();
  } catch (error) {
    note(`This video cannot be shown: ${error.message}`);
  }
  if (page.hasHints && opened === current) refreshHints();
}

async function until(asked, waiting, wanted) {
  for (;;) {
    const said = await asked();
    if (said.error) throw new Error(said.error);
    if (said.share === undefined) return said;
    if (!wanted()) throw new Error("another one is shown");
    waiting(said);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

async function refreshHints() {
  const opened = current;
  const bar = byId("curves");
  try {
    const waiting = ({ share }) => (byId("cost").textContent = `The model looks at it: ${Math.round(100 * share)} %`);
    const said = await until(() => store.hints(opened), waiting, () => opened === current);
    if (opened !== current) return;
    hints = said;
    bar.hidden = false;
    showCost();
    moved();
  } catch (error) {
    if (opened === current) byId("cost").textContent = `No help by the model: ${error.message}`;
  }
}

// Where a click helps most; once clicked there, somewhere else.
async function jumpToHint() {
  if (!page.hasHints) return;
  await work().saving;
  await refreshHints();
  const best = hints?.suggestions[0];
  if (!best) return toast("the model asks for no click here");
  jumpTo(best.seconds);
  toast(`a click helps here: ${best.reason}`);
}

// Clicks

function click(label) {
  if (!player.frames || !label) return;
  const { seconds } = player;
  if (!player.isAnnotated(seconds)) return toast("this span is left out; h for the whole video");
  classes.use(label);
  work().put(withClick(work().points, { seconds, label }));
  const seen = page.videos[current].instances.find(([, start, end]) => start <= seconds && seconds < end);
  const odd = label === page.background && seen ? `, inside ${seen[0]} by the manifest` : "";
  toast(`${label}  ${clockText(seconds)}${odd}`, label);
}

function removeClick(point) {
  if (!point) return;
  work().put(withoutClick(work().points, point));
  toast(`deleted: ${point.label}  ${clockText(point.seconds)}`);
}

function undo() {
  toast(work().undo() ? "undone" : "nothing to undo");
}

async function note() {
  const point = player.frames && nearestClick(work().points, player.seconds);
  if (!point) return;
  player.video.pause();
  const text = await askNote(point);
  if (text === null) return;
  const { note: _, ...plain } = point;
  const noted = text ? { ...plain, note: text } : plain;
  work().put(work().points.map((p) => (p === point ? noted : p)));
}

function jumpTo(seconds) {
  player.video.pause();
  player.seek(seconds);
}

function jump(direction) {
  if (!player.frames) return;
  const now = player.seconds;
  const { points } = work();
  const next = direction > 0
    ? points.find((p) => p.seconds > now)
    : points.findLast((p) => p.seconds < now);
  if (next) jumpTo(next.seconds);
}

function halfSpans() {
  const spans = [];
  const { endSeconds } = player.frames;
  for (let start = 0; start < endSeconds; start += page.onSeconds + page.offSeconds) {
    spans.push([start, Math.min(start + page.onSeconds, endSeconds)]);
  }
  return spans;
}

function toggleHalf() {
  if (!player.frames) return;
  half = !work().spans;
  work().spans = player.spans = half ? halfSpans() : null;
  work().save();
  toast(half ? "10 s on, 10 s off" : "the whole video");
}

// Import and export

const exported = () =>
  works
    .filter((w) => !w.isEmpty)
    .map(({ id, points, spans, spent, unsent }) => ({
      video: { id },
      points,
      ...(spans ? { annotated_spans: spans } : {}),
      seconds_spent: Math.round(10 * (spent + unsent)) / 10,
    }));

async function importFile([file]) {
  if (!file) return;
  try {
    const { added, problems } = await store.importFile(file);
    await readAll();
    await tell(`${added} clicks of ${file.name} added`, problems);
  } catch (error) {
    await tell("Nothing was imported", [error.message]);
  }
}

async function readAll() {
  const all = await store.all();
  for (const w of works) {
    if (all[w.id] && w.isSaved) w.take(all[w.id]);
  }
  player.spans = work().spans;
  changed();
}

// The paper's claim is cost: so it is measured.

function measure(seconds) {
  const isBusy = !player.video.paused || performance.now() - lastInput < 1000 * IDLE_SECONDS;
  if (document.hidden || !isBusy) return;
  work().unsent += seconds;
  if (!hints || hints.cas) showCost();
}

function showCost() {
  const spent = works.reduce((sum, w) => sum + w.spent + w.unsent, 0);
  const watched = works.filter((w) => w.spent + w.unsent > 0);
  const minutes = watched.reduce((sum, w) => sum + page.videos[w.number].durationSeconds, 0) / 60;
  if (!minutes) return;
  byId("cost").textContent = `${clockText(spent, 0)} spent, ${Math.round(spent / minutes)} s a minute of video`;
}

// Keys

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

let resumes = false; // after the search

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

// True where a key means something already: a field, a button, a way round the controls.
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
  // On a French keyboard, digits are typed with Shift.
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
  // Space and Tab go on to mean the video after a button was clicked with the mouse.
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
  (error) => (byId("message").textContent = `Nothing could be read: ${error.message}`),
);
