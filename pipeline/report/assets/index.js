"use strict";
// Sorting and searching of the index. The tables are complete without this script, with
// the worst videos first. It is no module, because browsers refuse those on file://.

const FEWEST_TO_SEARCH = 8;

// Search

const search = document.getElementById("search");
const videos = [...document.querySelectorAll(".videos tbody tr")];
const words = new Map(videos.map((row) => [row, textOf(row)]));

function textOf(row) {
  const named = [...row.querySelectorAll("th a, .chip")];
  return named.map((item) => item.textContent).join(" ").toLowerCase();
}

function find() {
  const wanted = search.value.trim().toLowerCase();
  for (const row of videos) row.hidden = !words.get(row).includes(wanted);
  const left = videos.filter((row) => !row.hidden).length;
  const all = left === videos.length;
  document.getElementById("matching").textContent = all ? "" : `${left} of ${videos.length}`;
}

search.closest("p").hidden = videos.length < FEWEST_TO_SEARCH;
search.addEventListener("input", find);

// Sort: a click on a column's head sorts by it; a second click reverses the order.

function valueOf(row, column) {
  const cell = row.cells[column];
  const text = cell.dataset.sort ?? cell.textContent.trim();
  const number = Number(text);
  return text !== "" && !Number.isNaN(number) ? number : text;
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a.localeCompare(b, undefined, { numeric: true });
}

function sort(table, head) {
  const isTurned = head.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", isTurned ? "descending" : "ascending");
  const sign = isTurned ? -1 : 1;
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => [valueOf(row, head.cellIndex), row]);
  rows.sort((a, b) => sign * compare(a[0], b[0]));
  body.append(...rows.map(([, row]) => row));
}

for (const table of document.querySelectorAll("table.sortable")) {
  for (const head of table.tHead.querySelectorAll("th")) {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, head));
  }
}
