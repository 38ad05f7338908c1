// Lists of clicks, {seconds, label, note}, sorted by time. Functions return new lists.

const keyOf = ({ seconds, label, note }) => JSON.stringify([seconds, label, note ?? ""]);

const sorted = (clicks) =>
  [...clicks].sort((a, b) => a.seconds - b.seconds || (a.label < b.label ? -1 : 1));

// Add a click, unless its class has one on the same frame already.
function withClick(clicks, click) {
  const isThere = clicks.some((c) => c.seconds === click.seconds && c.label === click.label);
  return isThere ? clicks : sorted([...clicks, click]);
}

const withoutClick = (clicks, click) => clicks.filter((c) => c !== click);

function nearestClick(clicks, seconds) {
  const distance = (click) => Math.abs(click.seconds - seconds);
  return clicks.reduce((best, c) => (!best || distance(c) < distance(best) ? c : best), null);
}

// Apply to their clicks what was added and deleted here since the common base.
function mergedClicks(base, mine, theirs) {
  const before = new Set(base.map(keyOf));
  const now = new Set(mine.map(keyOf));
  const kept = theirs.filter((c) => !before.has(keyOf(c)) || now.has(keyOf(c)));
  const there = new Set(kept.map(keyOf));
  const added = mine.filter((c) => !before.has(keyOf(c)) && !there.has(keyOf(c)));
  return sorted([...kept, ...added]);
}

function countsOf(clicks) {
  const counts = new Map();
  for (const { label } of clicks) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

// Format seconds as 1:02:03.456.
function clockText(seconds, digits = 3) {
  const factor = 10 ** digits;
  const whole = Math.floor(Math.max(seconds, 0) * factor + 1e-6) / factor;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = (whole % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
