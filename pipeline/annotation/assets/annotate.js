// The page: the current video and its clicks.
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
let openings = 0; // how many times one was chosen
let half = page.half;
let hints = null;
let lastInput = performance.now();

const work = () => works[current];

// Videos

async function open(number) {
  if (works[current].unsent >= 1) works[current].save();
  current = (number + page.videos.length) % page.videos.length;
  const opened = current;
  const opening = ++openings;
  const isLast = () => opening === openings;
  byId("video").value = current;
  hints = null;
  byId("curves").hidden = true;
  byId("clock").textContent = byId("frame").textContent = "";
  player.unload();
  changed();
  const note = (text) => isLast() && (byId("message").textContent = text);
  try {
    note("Reading the frame times…");
    const { frames } = await until(
      () => store.ready(opened),
      ({ share }) => share && note(`Making a copy that browsers can play: ${Math.round(100 * share)} %`),
      isLast,
    );
    if (!isLast()) return; // an answer that came late must not take another's place
    await player.load(page.videos[opened].source, new Frames(frames));
    if (!isLast()) return;
    note("");
    if (half && work().isEmpty) work().spans = halfSpans();
    changed();
  } catch (error) {
    note(`This video cannot be shown: ${error.message}`);
  }
  if (page.hasHints && isLast()) refreshHints();
}

async function until(asked, waiting, wanted) {
  for (;;) {
    const said = await asked();
    if (said.error) throw new Error(said.error);
    if (said.share === undefined) return said;
    if (!wanted()) throw new Error("another video is shown");
    waiting(said);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

async function refreshHints() {
  const opened = current;
  try {
    const waiting = ({ share }) => (byId("cost").textContent = `The model is analyzing this video: ${Math.round(100 * share)} %`);
    const said = await until(() => store.hints(opened), waiting, () => opened === current);
    if (opened !== current) return;
    hints = said;
    byId("curves").hidden = false;
    showCost();
    moved();
  } catch (error) {
    if (opened === current) byId("cost").textContent = `No hints from the model: ${error.message}`;
  }
}

// Go to where a click helps most, given the clicks so far.
async function jumpToHint() {
  if (!page.hasHints) return;
  await work().saving;
  await refreshHints();
  const best = hints?.suggestions[0];
  if (!best) return toast("the model suggests no click in this video");
  jumpTo(best.seconds);
  toast(`a click helps here: ${best.reason}`);
}

// Clicks

function click(label) {
  if (!player.frames || !label) return;
  const { seconds } = player;
  if (!player.isAnnotated(seconds)) return toast("this span is left out; press h to annotate the whole video");
  classes.use(label);
  work().put(withClick(work().points, { seconds, label }));
  const seen = page.videos[current].instances.find(([, start, end]) => start <= seconds && seconds < end);
  const odd = label === page.background && seen ? `, inside ${seen[0]} according to the manifest` : "";
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
  work().spans = half ? halfSpans() : null;
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
    await tell(`Clicks added from ${file.name}: ${added}`, problems);
  } catch (error) {
    await tell("Nothing was imported", [error.message]);
  }
}

async function readAll() {
  const all = await store.all();
  for (const w of works) {
    if (all[w.id] && w.isSaved) w.take(all[w.id]);
  }
  changed();
}
