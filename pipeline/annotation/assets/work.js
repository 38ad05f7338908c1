// The annotation of one video, and its saving.
const RETRY_MILLISECONDS = 3000;

class Work {
  constructor(number, id, store, changed) {
    Object.assign(this, { number, id, store, changed });
    this.points = this.base = []; // current, and as last saved
    this.spans = this.savedSpans = null; // annotated spans; null: the whole video
    this.revision = null;
    this.spent = this.unsent = 0; // seconds of work: saved, and not yet saved
    this.history = [];
    this.isAsking = false;
  }

  take({ entry, revision }) {
    this.points = this.base = entry.points;
    this.spans = this.savedSpans = entry.annotated_spans ?? null;
    this.spent = entry.seconds_spent ?? 0;
    this.revision = revision;
    this.history = [];
  }

  get isSaved() {
    return this.points === this.base && this.spans === this.savedSpans;
  }

  get isEmpty() {
    return this.revision === null && this.isSaved && !this.spent;
  }

  put(points) {
    if (points === this.points) return;
    this.history.push(this.points);
    this.points = points;
    this.save();
  }

  undo() {
    if (!this.history.length) return false;
    this.points = this.history.pop();
    this.save();
    return true;
  }

  async save() {
    this.changed();
    if (this.saving || this.isAsking) return;
    const sent = { points: this.points, spans: this.spans, seconds: this.unsent };
    try {
      this.saving = this.store.save(this.number, {
        revision: this.revision,
        points: sent.points,
        annotated_spans: sent.spans,
        seconds_spent: sent.seconds,
      });
      const answer = await this.saving;
      this.saving = this.error = null;
      if (answer.conflict) await this.resolve(answer);
      else {
        [this.base, this.savedSpans, this.revision] = [sent.points, sent.spans, answer.revision];
        [this.spent, this.unsent] = [answer.entry.seconds_spent, this.unsent - sent.seconds];
      }
      if (!this.isSaved) this.save();
    } catch (error) {
      this.saving = null;
      this.error = error.message;
      setTimeout(() => this.save(), RETRY_MILLISECONDS);
    }
    this.changed();
  }

  // Someone else saved first, so a person decides.
  async resolve(theirs) {
    this.isAsking = true;
    this.changed();
    const choice = await askMerge(this.id);
    const { base, points } = this;
    const spans = this.spans === this.savedSpans ? undefined : this.spans;
    this.isAsking = false;
    this.take(theirs);
    if (choice !== "merge") return;
    this.points = mergedClicks(base, points, this.base);
    if (spans !== undefined) this.spans = spans;
  }
}
