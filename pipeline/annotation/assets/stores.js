// Storage of clicks. Both stores have the same methods. `save` returns the stored entry
// and revision, and sets `conflict` if somebody else has changed them.

class ServerStore {
  async all() {
    return this.ask("clicks");
  }

  async ready(number) {
    return this.ask(`ready/${number}`);
  }

  async hints(number) {
    return this.ask(`hints/${number}`);
  }

  async save(number, content) {
    const body = JSON.stringify(content);
    // Let a closing tab finish the request; browsers allow this up to 64 kB.
    const keepalive = body.length < 60000;
    const answer = await fetch(`clicks/${number}`, { method: "POST", body, keepalive });
    const conflict = answer.status === 409;
    return { ...(await this.said(answer, conflict)), conflict };
  }

  async importFile(file) {
    const headers = { "X-File-Name": encodeURIComponent(file.name) };
    return this.said(await fetch("import", { method: "POST", headers, body: file }));
  }

  async ask(what) {
    return this.said(await fetch(what));
  }

  async said(answer, isExpected = answer.ok) {
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok && !isExpected) throw new Error(said.error ?? `the server answered with status ${answer.status}`);
    return said;
  }
}

// Storage in the browser, for a page that was opened without a server.
class LocalStore {
  constructor({ key, frames, entries }, videos, labels) {
    this.prefix = `soda-annotate ${key} `;
    this.frames = frames;
    this.entries = entries;
    this.videos = videos;
    this.labels = labels;
  }

  async all() {
    const ids = this.videos.map(({ id }) => id);
    return Object.fromEntries(ids.map((id) => [id, this.read(id)]));
  }

  async ready(number) {
    return { frames: this.frames[number] };
  }

  async save(number, { revision, points, annotated_spans, seconds_spent }) {
    const { id } = this.videos[number];
    const there = this.read(id);
    if (there.revision !== revision) return { ...there, conflict: true };
    const spent = (there.entry.seconds_spent ?? 0) + seconds_spent;
    const entry = { ...there.entry, points, seconds_spent: Math.round(10 * spent) / 10 };
    delete entry.annotated_spans;
    if (annotated_spans) entry.annotated_spans = annotated_spans;
    localStorage.setItem(this.prefix + id, JSON.stringify(entry));
    return this.read(id);
  }

  async importFile(file) {
    let content;
    try {
      content = JSON.parse(await file.text());
    } catch {
      content = null;
    }
    const listed = [content].flat();
    if (!listed.every((e) => e?.video?.id && Array.isArray(e.points))) {
      throw new Error(`${file.name}: expected a points JSON; use \`soda annotate\` without --page to import other formats`);
    }
    let added = 0;
    const problems = [];
    for (const { video, points } of listed) {
      const number = this.videos.findIndex(({ id }) => id === video.id);
      if (number < 0) {
        problems.push(`this page has no video “${video.id}”`);
        continue;
      }
      const { entry, revision } = this.read(video.id);
      const usable = points.filter((p) => p.seconds >= 0 && this.labels.includes(p.label));
      if (usable.length < points.length) {
        const left = points.length - usable.length;
        const clicks = left === 1 ? "1 click" : `${left} clicks`;
        problems.push(`${video.id}: ${clicks} with an unknown class or a negative time`);
      }
      const all = usable.reduce(withClick, entry.points);
      added += all.length - entry.points.length;
      await this.save(number, { ...entry, revision, points: all, seconds_spent: 0 });
    }
    return { added, problems };
  }

  read(id) {
    const text = localStorage.getItem(this.prefix + id);
    const entry = text ? JSON.parse(text) : (this.entries[id] ?? { video: { id }, points: [] });
    const { points, annotated_spans } = entry;
    const isEmpty = !points.length && !annotated_spans;
    return { entry, revision: isEmpty ? null : JSON.stringify([points, annotated_spans]) };
  }
}
