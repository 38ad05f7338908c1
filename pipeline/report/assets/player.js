"use strict";
// The playhead, the keys and the threshold of a video's page. It is no module, because
// browsers refuse those on file://.

// Browsers and arithmetic round times down, which may show the frame before the wanted
// one; half a millisecond more prevents that.
const SAFETY_SECONDS = 0.0005;

const byId = (id) => document.getElementById(id);
const timeline = document.querySelector(".timeline");
const video = document.querySelector("video"); // null if no file is known
const endSeconds = Number(timeline.dataset.seconds);
const fps = Number(timeline.dataset.fps);
const startOf = (detection) => Number(detection.dataset.start);
const detections = [...document.querySelectorAll(".detection")].sort(
  (a, b) => startOf(a) - startOf(b) || b.dataset.score - a.dataset.score,
);

let nowSeconds = 0; // kept here too, so that the rows work without a video
let selected = null; // the detection last reached with [ or ]

function draw() {
  byId("playhead").style.left = `${(100 * nowSeconds) / endSeconds}%`;
  byId("clock").textContent = moment(nowSeconds);
}

function moment(seconds) {
  const text = `${seconds.toFixed(2)} s`;
  if (seconds < 60) return text;
  const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor);
  return `${text} (${parts.map((part) => String(part).padStart(2, "0")).join(":")})`;
}

function seek(seconds) {
  nowSeconds = Math.min(Math.max(seconds, 0), endSeconds);
  if (video) video.currentTime = nowSeconds + SAFETY_SECONDS;
  draw();
}

function select(detection) {
  selected?.classList.remove("selected");
  detection?.classList.add("selected");
  byId("selected").textContent = detection?.title ?? "";
  selected = detection;
}

function seekByHand(seconds) {
  select(null);
  seek(seconds);
}

function stepFrames(count) {
  const frame = Math.floor((nowSeconds + SAFETY_SECONDS) * fps);
  seekByHand((frame + count) / fps);
}

function step(direction) {
  const shown = detections.filter((d) => !d.hidden);
  const position = shown.indexOf(selected);
  const next =
    position >= 0
      ? shown[position + direction]
      : direction > 0
        ? shown.find((d) => startOf(d) > nowSeconds)
        : shown.findLast((d) => startOf(d) < nowSeconds);
  if (!next) return;
  select(next);
  seek(startOf(next));
}

// Follow the video

function follow() {
  nowSeconds = video.currentTime;
  draw();
}

function followWhilePlaying() {
  follow();
  if (!video.paused) requestAnimationFrame(followWhilePlaying);
}

function tellIfUnplayable() {
  // If only the sound can be decoded, there is no error, but the video has no width.
  const hasNoPicture = video.readyState > 0 && video.videoWidth === 0;
  video.hidden = Boolean(video.error || hasNoPicture);
  byId("unplayable").hidden = !video.hidden;
}

if (video) {
  video.addEventListener("play", () => {
    select(null);
    followWhilePlaying();
  });
  video.addEventListener("seeking", follow);
  video.addEventListener("timeupdate", follow);
  video.addEventListener("error", tellIfUnplayable);
  video.addEventListener("loadedmetadata", tellIfUnplayable);
  tellIfUnplayable(); // it may have failed before this script ran
}

// Click and keys

document.addEventListener("click", (event) => {
  const listed = event.target.closest("tr[data-start]");
  if (listed) seekByHand(startOf(listed));
});

timeline.addEventListener("click", (event) => {
  const track = event.target.closest(".track");
  if (!track) return;
  const box = track.getBoundingClientRect();
  seekByHand((endSeconds * (event.clientX - box.left)) / box.width);
});

function togglePlay() {
  if (!video) return;
  if (video.paused) video.play().catch(tellIfUnplayable);
  else video.pause();
}

const KEYS = {
  " ": togglePlay,
  ArrowLeft: () => stepFrames(-1),
  ArrowRight: () => stepFrames(1),
  "[": () => step(-1),
  "]": () => step(1),
};

// True if the key already has a meaning: on a link, the slider or a scrolling table.
function isTaken(event) {
  const isArrow = event.key.startsWith("Arrow");
  if (event.metaKey || (isArrow && (event.altKey || event.ctrlKey))) return true;
  return Boolean(event.target.closest(isArrow ? "input, .scroll" : "a, button"));
}

function press(event) {
  if (!(event.key in KEYS) || isTaken(event)) return;
  event.preventDefault(); // no scrolling
  event.stopPropagation(); // a focused video would react to space as well
  KEYS[event.key]();
}

document.addEventListener("keydown", press, { capture: true });

// The threshold

byId("threshold")?.addEventListener("input", (event) => {
  const threshold = Number(event.target.value);
  byId("threshold-value").textContent = threshold.toFixed(2);
  for (const item of document.querySelectorAll("[data-score]")) {
    item.hidden = Number(item.dataset.score) < threshold;
  }
  const shown = detections.filter((d) => !d.hidden).length;
  byId("shown").textContent = `${shown} of ${detections.length} shown`;
});
