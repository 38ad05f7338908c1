// Modal dialogs. Each resolves to the value of the chosen button, "" for Escape.
function ask(id) {
  const dialog = document.getElementById(id);
  dialog.returnValue = "";
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
  });
}

function tell(title, lines) {
  document.getElementById("told-title").textContent = title;
  document.getElementById("told-list").replaceChildren(...lines.map(listItem));
  return ask("told");
}

function listItem(text) {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

// Resolves to the text, or to null if the person cancels.
async function askNote(click) {
  const field = document.getElementById("note-text");
  document.getElementById("note-of").textContent = `${click.label}, ${clockText(click.seconds)}`;
  field.value = click.note ?? "";
  document.getElementById("note-cancel").onclick = () => document.getElementById("note").close();
  return (await ask("note")) === "save" ? field.value.trim() : null;
}

async function askMerge(id) {
  document.getElementById("conflict-of").textContent = id;
  return (await ask("conflict")) === "reload" ? "reload" : "merge";
}

function download(name, value) {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
