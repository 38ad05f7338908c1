// The video, frame by frame. `index` is the frame on screen, as the browser reports it.
const SPEEDS = [0.5, 0.75, 1, 1.5, 2, 2.5, 3];
const SEEK_PATIENCE = 400; // milliseconds to wait for a seek that brings no new frame

class Player {
  constructor(video, moved) {
    this.video = video;
    this.moved = moved; // called whenever another frame is on screen
    this.frames = null;
    this.index = 0;
    this.spans = null; // [start, end) to watch; null: the whole video
    this.loading = 0;
    video.addEventListener("seeked", () => {
      const { wanted } = this;
      setTimeout(() => wanted === this.wanted && this.arrive(), SEEK_PATIENCE);
    });
  }

  // Resolves as soon as the first frame is on screen.
  async load(source, frames) {
    const loading = ++this.loading;
    const { video } = this;
    this.frames = null;
    this.arrive();
    video.src = source;
    video.load();
    const first = await new Promise((resolve, reject) => {
      video.onerror = () => reject(new Error(video.error?.message || "the browser cannot decode it"));
      video.requestVideoFrameCallback((_, { mediaTime }) => resolve(mediaTime));
    });
    if (loading !== this.loading) return;
    // Some browsers count from the container's start, others from its first frame.
    const shift = frames.containerStart;
    const isShifted = Math.abs(first - frames.starts[0] - shift) < Math.abs(first - frames.starts[0]);
    this.offset = isShifted ? shift : 0;
    this.frames = frames;
    this.show(first);
    this.follow(loading);
  }

  unload() {
    this.loading++;
    this.frames = null;
    this.video.removeAttribute("src");
    this.video.load();
  }

  follow(loading) {
    this.video.requestVideoFrameCallback((_, { mediaTime }) => {
      if (loading !== this.loading) return;
      this.show(mediaTime);
      this.follow(loading);
    });
  }

  show(mediaTime) {
    this.index = this.frames.nearest(mediaTime - this.offset);
    if (!this.video.seeking || this.index === this.wanted) this.arrive();
    if (!this.video.paused) this.skip();
    this.moved();
  }

  // Skip spans that are not annotated while playing.
  skip() {
    if (this.wanted !== undefined || this.isAnnotated(this.seconds)) return;
    const next = this.spans.find(([start]) => start > this.seconds);
    if (next) this.seek(next[0]);
    else this.video.pause();
  }

  isAnnotated(seconds) {
    return !this.spans || this.spans.some(([start, end]) => start <= seconds && seconds < end);
  }

  // The frame that the last seek asked for, or else the frame on screen.
  get frame() {
    return this.wanted ?? this.index;
  }

  // The time that a click on this frame is stored with.
  get seconds() {
    return this.frames.middle(this.frame);
  }

  seek(seconds) {
    if (!this.frames) return;
    const frame = this.frames.at(seconds);
    const isCut = this.frames.middle(frame) < seconds && frame + 1 < this.frames.count;
    this.seekFrame(isCut ? frame + 1 : frame);
  }

  seekFrame(frame) {
    if (!this.frames) return;
    this.wanted = Math.min(Math.max(frame, 0), this.frames.count - 1);
    this.video.currentTime = this.frames.middle(this.wanted) + this.offset;
  }

  arrive() {
    this.wanted = undefined;
  }

  step(count) {
    this.video.pause();
    this.seekFrame(this.frame + count);
  }

  toggle() {
    if (!this.frames) return;
    if (this.video.paused) this.video.play();
    else this.video.pause();
  }

  setSpeed(speed) {
    // Loading another video resets the rate to the default rate.
    this.video.playbackRate = this.video.defaultPlaybackRate = speed;
  }

  changeSpeed(direction) {
    const place = SPEEDS.indexOf(this.video.playbackRate) + direction;
    this.setSpeed(SPEEDS[Math.min(Math.max(place, 0), SPEEDS.length - 1)]);
  }
}
