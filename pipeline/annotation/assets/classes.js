// The list of classes: ten have number keys, the others are found by name.
const DIGITS = "1234567890";

class Classes {
  constructor({ classes, background }, clicked) {
    this.all = [background, ...classes];
    this.background = background;
    this.slots = classes.slice(0, DIGITS.length);
    this.used = new Map(); // label -> time of its last click
    this.counts = [new Map(), new Map()];
    this.clicked = clicked;
    this.list = document.getElementById("classes");
    this.search = document.getElementById("search");
    this.search.hidden = classes.length <= DIGITS.length;
    this.search.addEventListener("input", () => this.filter());
    this.buttons = new Map(this.all.map((label) => [label, this.button(label, { classes, background })]));
    this.arrange();
  }

  labelOf(digit) {
    return this.slots[DIGITS.indexOf(digit)];
  }

  // A class without a key takes the key of the least recently used class.
  use(label) {
    this.used.set(label, performance.now());
    if (label === this.background || this.slots.includes(label)) return;
    const age = (slot) => this.used.get(slot) ?? 0;
    const oldest = this.slots.reduce((old, slot) => (age(slot) <= age(old) ? slot : old));
    this.slots[this.slots.indexOf(oldest)] = label;
    this.arrange();
  }

  get firstFound() {
    return [...this.list.children].find((item) => !item.hidden)?.dataset.label;
  }

  filter() {
    const text = this.search.value.trim().toLowerCase();
    const starts = (label) => !label.toLowerCase().startsWith(text);
    const labels = text ? [...this.order()].sort((a, b) => starts(a) - starts(b)) : this.order();
    this.list.append(...labels.map((label) => this.buttons.get(label).parentElement));
    for (const item of this.list.children) {
      item.hidden = !item.dataset.label.toLowerCase().includes(text);
    }
    this.list.scrollTop = 0;
  }

  endSearch() {
    this.search.value = "";
    this.search.blur();
    this.filter();
  }

  count(here, everywhere) {
    for (const [label, button] of this.buttons) {
      const [few, many] = [here.get(label) ?? 0, everywhere.get(label) ?? 0];
      button.querySelector(".count").textContent = many ? `${few} / ${many}` : "";
    }
  }

  order() {
    const others = this.all.filter((label) => label !== this.background && !this.slots.includes(label));
    return [...this.slots, this.background, ...others];
  }

  arrange() {
    for (const [label, button] of this.buttons) {
      const slot = this.slots.indexOf(label);
      const key = label === this.background ? "b" : (DIGITS[slot] ?? "");
      button.querySelector("kbd").textContent = slot < 0 && key !== "b" ? "" : key;
    }
    this.filter();
  }

  button(label, data) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    item.dataset.label = label;
    button.type = "button";
    button.style.setProperty("--colour", `var(${colourName(label, data)})`);
    button.classList.toggle("background", label === this.background);
    button.append(document.createElement("kbd"), chip(label), document.createElement("span"));
    button.lastChild.className = "count";
    button.addEventListener("click", () => this.clicked(label));
    item.append(button);
    return button;
  }
}

function chip(label) {
  const span = document.createElement("span");
  span.className = "chip";
  span.textContent = span.title = label;
  return span;
}
