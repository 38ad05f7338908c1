// The display times of the frames, in seconds on the clock of the points file.
class Frames {
  constructor({ time_base: [numerator, denominator], start_seconds, first, steps }) {
    this.count = steps.reduce((sum, [, times]) => sum + times, 0);
    this.containerStart = start_seconds;
    this.starts = new Float64Array(this.count + 1); // the last entry is the video's end
    let tick = first;
    let frame = 0;
    const put = () => {
      this.starts[frame++] = (tick * numerator) / denominator - start_seconds;
    };
    put();
    for (const [step, times] of steps) {
      for (let k = 0; k < times; k++) {
        tick += step;
        put();
      }
    }
  }

  get endSeconds() {
    return this.starts[this.count];
  }

  // The frame on screen at a time; the first frame for earlier times.
  at(seconds) {
    let low = 0;
    let high = this.count;
    while (high - low > 1) {
      const half = (low + high) >> 1;
      if (this.starts[half] <= seconds) low = half;
      else high = half;
    }
    return low;
  }

  // The frame whose start is nearest to a time, which browsers round to microseconds.
  nearest(seconds) {
    const frame = this.at(seconds);
    const isLater = frame + 1 < this.count &&
      this.starts[frame + 1] - seconds < seconds - this.starts[frame];
    return isLater ? frame + 1 : frame;
  }

  // The time that a click on a frame is stored with: its middle, so that rounding
  // cannot move it to another frame.
  middle(frame) {
    const seconds = (this.starts[frame] + this.starts[frame + 1]) / 2;
    return Math.round(seconds * 1e6) / 1e6;
  }
}
