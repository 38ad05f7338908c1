// A time line under the video: spans, clicks, curves and the play-head.
const NUM_COLOURS = 7; // as many as style.css defines
const AXIS = 16; // pixels at the top, for the times
const TICK_STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

const colourName = (label, { classes, background }) =>
  label === background ? "--grey" : `--colour-${classes.indexOf(label) % NUM_COLOURS}`;

class Strip {
  constructor(element, seek) {
    this.element = element;
    this.canvas = element.querySelector("canvas");
    element.addEventListener("pointerdown", (down) => {
      const to = ({ clientX }) => {
        const box = element.getBoundingClientRect();
        const share = Math.min(Math.max((clientX - box.left) / box.width, 0), 1);
        seek(this.from + share * (this.to - this.from));
      };
      down.preventDefault(); // keeps the focus where it is
      to(down);
      element.setPointerCapture(down.pointerId);
      element.onpointermove = to;
    });
    element.addEventListener("lostpointercapture", () => (element.onpointermove = null));
  }

  begin(from, to) {
    const { clientWidth: width, clientHeight: height } = this.element;
    const scale = window.devicePixelRatio;
    [this.canvas.width, this.canvas.height] = [width * scale, height * scale];
    Object.assign(this, { from, to, width, height });
    this.context = this.canvas.getContext("2d");
    this.context.scale(scale, scale);
    this.context.font = "12px system-ui, sans-serif";
    this.style = getComputedStyle(this.element);
  }

  x(seconds) {
    return ((seconds - this.from) / (this.to - this.from)) * this.width;
  }

  colour(name) {
    return this.style.getPropertyValue(name);
  }

  bar(start, end, colour) {
    const [left, right] = [Math.max(this.x(start), 0), Math.min(this.x(end), this.width)];
    this.context.fillStyle = this.colour(colour);
    if (right > left) this.context.fillRect(left, AXIS, right - left, this.height - AXIS);
  }

  ticks(endSeconds) {
    const { context } = this;
    const enough = (80 * (this.to - this.from)) / this.width;
    const step = TICK_STEPS.find((s) => s >= enough) ?? 3600 * Math.ceil(enough / 3600);
    context.fillStyle = this.colour("--quiet");
    for (let k = Math.ceil(Math.max(this.from, 0) / step); k * step <= Math.min(this.to, endSeconds); k++) {
      const x = this.x(k * step);
      context.fillRect(x, AXIS - 4, 1, 4);
      context.textAlign = x < 20 ? "left" : x > this.width - 20 ? "right" : "center";
      context.fillText(clockText(k * step, step < 1 ? 1 : 0), x, 10);
    }
  }

  // Draw a click: a triangle for an action, a disc for background, as in the report.
  click(seconds, isAction, colour) {
    const { context } = this;
    const [x, base] = [this.x(seconds), this.height - 5];
    context.fillStyle = this.colour(colour);
    context.fillRect(x - 0.5, AXIS, 1, this.height - AXIS);
    context.beginPath();
    if (isAction) {
      context.moveTo(x, base - 13);
      context.lineTo(x + 7, base);
      context.lineTo(x - 7, base);
    } else context.arc(x, base - 5, 5, 0, 2 * Math.PI);
    context.fill();
  }

  // Draw as much of a text as fits before another time.
  text(text, seconds, until) {
    const { context } = this;
    const room = this.x(until) - this.x(seconds) - 12;
    const fits = (length) => context.measureText(text.slice(0, length)).width <= room;
    let length = text.length;
    while (length && !fits(length)) length--;
    context.fillStyle = this.colour("--ink");
    context.textAlign = "left";
    context.fillText(text.slice(0, length), this.x(seconds) + 5, AXIS + 13);
  }

  curve(seconds, values, low, high, colour) {
    const { context } = this;
    context.beginPath();
    values.forEach((value, k) => {
      const y = this.height - 3 - ((value - low) / (high - low)) * (this.height - AXIS - 6);
      context.lineTo(this.x(seconds[k]), y);
    });
    context.lineWidth = 1.6;
    context.strokeStyle = this.colour(colour);
    context.stroke();
  }

  legend(entries) {
    const { context } = this;
    context.textAlign = "left";
    entries.reduce((x, [text, colour]) => {
      context.fillStyle = this.colour(colour);
      context.fillRect(x, 2, 9, 9);
      context.fillStyle = this.colour("--quiet");
      context.fillText(text, x + 14, 11);
      return x + context.measureText(text).width + 32;
    }, 0);
  }

  playhead(seconds) {
    this.context.fillStyle = this.colour("--playhead");
    this.context.fillRect(this.x(seconds) - 1, AXIS - 4, 2, this.height);
  }
}
