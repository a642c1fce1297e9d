// Orders as they come. Without this script they are there when the page is loaded again.
"use strict";

const feed = document.getElementById("feed");
const live = document.getElementById("live");
const placed = document.getElementById("placed");
const sales = document.getElementById("sales");
const MOST = 20;

const euros = (cents) => `€${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;

function cell(kind, text, name) {
  const element = document.createElement(kind);
  element.textContent = text;
  if (name) element.className = name;
  return element;
}

function show(order) {
  const row = document.createElement("tr");
  const number = cell("th", order.id);
  number.scope = "row";
  const time = document.createElement("td");
  time.append(cell("time", order.placed_at.slice(0, 19).replace("T", " ")));
  const books = order.lines.map((line) => `${line.copies} × ${line.title}`).join(", ");
  row.className = "new";
  row.append(number, time, cell("td", books), cell("td", euros(order.total), "number"));
  feed.prepend(row);
  while (feed.rows.length > MOST) feed.deleteRow(-1);
  placed.textContent = Number(placed.textContent) + 1;
  sales.dataset.cents = Number(sales.dataset.cents) + order.total;
  sales.textContent = euros(Number(sales.dataset.cents));
  document.getElementById("none")?.remove();
  live.textContent = `Order ${order.id} came in, ${euros(order.total)}.`;
}

const events = new EventSource("/api/events");
events.addEventListener("open", () => { live.textContent = "Live: orders appear as they come."; });
events.addEventListener("error", () => { live.textContent = "The connection is lost, and tried again."; });
events.addEventListener("order", (event) => show(JSON.parse(event.data)));
addEventListener("pagehide", () => events.close());
