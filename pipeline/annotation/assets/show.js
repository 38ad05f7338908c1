// Updates of the page: lists, strips, curves and messages.
const NEAR_SECONDS = 20; // shown around the play-head, at most
const IDLE_SECONDS = 30; // without key or mouse, after which time is not counted
const CURVES = 3;

function changed() {
  const { points } = work();
  player.spans = work().spans;
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
  byId("saved").dataset.state = state;
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
  const reach = Math.min(NEAR_SECONDS, frames.endSeconds / 2) / 2;
  drawStrip(near, start - reach, start + reach, true);
  if (hints?.cas) drawCurves();
  const nearest = work().points.indexOf(nearestClick(work().points, player.seconds));
  byId("clicks").querySelector(".current")?.classList.remove("current");
  byId("clicks").children[nearest]?.classList.add("current");
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
  const shown = work().points.filter(({ seconds }) => from <= seconds && seconds <= to);
  shown.forEach(({ seconds, label, note }, k) => {
    strip.click(seconds, label !== page.background, colourName(label, page));
    const text = note ? `${label} — ${note}` : label;
    if (isNear) strip.text(text, seconds, shown[k + 1]?.seconds ?? to);
  });
  strip.playhead(player.frames.starts[player.index]);
}

// Draw the classes with the highest activations, on one scale.
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
  curves.legend(shown.map(({ label }) => [label, colourName(label, page)]));
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

// Annotation cost is the point of single clicks, so the page measures it.

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
  byId("cost").textContent = `${clockText(spent, 0)} spent, ${Math.round(spent / minutes)} s per minute of video`;
}
