// The query pages beyond the editor: keys, the time range (which runs an answer's query again), a menu on each cell of
// an answer, links that are copied. Pages work without it.
export {};

const base = "/console";
const form = document.getElementById("query") as HTMLFormElement | null;
const area = document.getElementById("sql") as HTMLTextAreaElement | null;
const isAnswer = () => document.getElementById("answer") !== null;
document.documentElement.classList.add("scripted");

// --- what stands in the editor is what the address says --------------------------------------------------------------

const draft = (into: URLSearchParams) => {
  if (!form || !area) return into;
  for (const name of [...into.keys()]) if (name === "sql" || name.startsWith("p.") || name === "asked") into.delete(name);
  into.set("sql", area.value);
  for (const input of form.querySelectorAll<HTMLInputElement>("#parameters input:not([type=hidden])")) if (input.value) into.set(input.name, input.value);
  return into;
};
let late = 0;
form?.addEventListener("input", () => {
  if (isAnswer()) return;
  clearTimeout(late);
  late = window.setTimeout(() => history.replaceState(null, "", `${location.pathname}?${draft(new URLSearchParams(location.search))}`), 300);
});

// --- another time range: the draft comes along; an answer is asked again ------------------------------------------------

const run = () => form?.requestSubmit(form.querySelector<HTMLButtonElement>("button[data-run]"));
const another = (range: string, zone: string | null) => {
  if (!form) return;
  const query = draft(new URLSearchParams(location.search));
  query.set("range", range);
  if (zone) query.set("tz", zone);
  if (!isAnswer()) {
    location.assign(`${base}/query?${query}`);
    return;
  }
  const action = new URL(form.action);
  action.searchParams.set("range", range);
  if (zone) action.searchParams.set("tz", zone);
  form.action = action.toString();
  run();
};
document.addEventListener("click", (event) => {
  const link = (event.target as Element).closest<HTMLAnchorElement>("[data-range] a");
  const range = link && new URL(link.href).searchParams.get("range");
  if (!range || !form) return;
  event.preventDefault();
  another(range, null);
}, true);
document.addEventListener("submit", (event) => {
  const ranges = event.target as HTMLFormElement;
  if (!form || !ranges.matches("[data-range-form]")) return;
  event.preventDefault();
  event.stopPropagation();
  const fields = new FormData(ranges);
  another(`${fields.get("from")}..${fields.get("to")}`, String(fields.get("tz") ?? "UTC"));
}, true);

// --- keys ---------------------------------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  const isTyping = target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && form && !event.defaultPrevented) {
    event.preventDefault();
    run();
  } else if (event.key === "Enter" && target instanceof HTMLInputElement && target.closest("[data-save]")) {
    event.preventDefault(); // it would run the query
    target.closest("[data-save]")!.querySelector<HTMLButtonElement>("button.main")?.click();
  } else if (event.key === "i" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey && area) {
    event.preventDefault();
    area.dispatchEvent(new Event("enter"));
  } else if (event.key === "Escape") close();
});
document.querySelector<HTMLDetailsElement>("[data-save]")?.addEventListener("toggle", (event) => {
  const menu = event.target as HTMLDetailsElement;
  if (menu.open) menu.querySelector<HTMLInputElement>("input")?.focus();
});

// --- a menu on each value -------------------------------------------------------------------------------------------------

let menu: HTMLElement | null = null;
let opener: HTMLElement | null = null;
const close = () => {
  if (!menu) return;
  menu.remove();
  menu = null;
  opener?.focus();
  opener = null;
};
const kept = () => {
  const query = new URLSearchParams(location.search);
  const out = new URLSearchParams();
  for (const name of ["range", "tz"]) if (query.get(name)) out.set(name, query.get(name)!);
  return out;
};
const events = (...filters: string[]) => {
  const query = kept();
  for (const one of filters) query.append("f", one);
  return `${base}/events?${query}`;
};
const link = (text: string, href: string) => Object.assign(document.createElement("a"), { textContent: text, href });
const copied = (text: string, what: string) => {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: what });
  button.addEventListener("click", async () => { await navigator.clipboard?.writeText(text); close(); });
  return button;
};
const literal = (text: string, isNumber: boolean) => (isNumber ? text : `'${text.replaceAll("'", "''")}'`);
const show = (cell: HTMLTableCellElement) => {
  close();
  const code = cell.querySelector<HTMLElement>(".value");
  if (!code) return;
  const text = code.dataset.full ?? code.textContent ?? "";
  const head = cell.closest("table")!.tHead!.rows[0]!.cells[cell.cellIndex] as HTMLElement;
  const path = head.dataset.path ?? "";
  const row = cell.parentElement!.querySelector<HTMLAnchorElement>("th a")!;
  menu = document.createElement("div");
  menu.className = "cell-menu";
  menu.setAttribute("role", "dialog");
  menu.setAttribute("aria-label", "This value");
  const of = Object.assign(document.createElement("p"), { className: "of", textContent: (code.textContent ?? "").slice(0, 200) });
  menu.append(of);
  const whole = (code.dataset.full?.length ?? 0) < 4000;
  if (path === "eventID") menu.append(link("Open the event", `${base}/events/${encodeURIComponent(text)}?${kept()}`));
  else if (path === "eventTime") {
    const moment = Date.parse(`${text.replace(" ", "T")}Z`);
    const query = kept();
    query.set("range", [-5, 5].map((minutes) => new Date(moment + minutes * 60000).toISOString()).join(".."));
    if (moment) menu.append(link("Events around this time", `${base}/events?${query}`));
  } else if (path && text && whole && text.length <= 500) {
    menu.append(link("Events with this value", events(`${path}=${text}`)), link("Events without it", events(`${path}!=${text}`)));
    menu.append(copied(`${path} = ${literal(text, head.classList.contains("number"))}`, "Copy as a condition"));
  }
  menu.append(copied(text, whole ? "Copy" : "Copy the beginning"), link("The whole row", row.href));
  document.body.append(menu);
  const place = cell.getBoundingClientRect();
  const top = place.bottom + menu.offsetHeight > innerHeight ? place.top - menu.offsetHeight : place.bottom;
  menu.style.top = `${Math.max(4, top) + scrollY}px`;
  menu.style.left = `${Math.max(4, Math.min(place.left, innerWidth - menu.offsetWidth - 8)) + scrollX}px`;
  opener = cell;
  menu.querySelector<HTMLElement>("a, button")?.focus();
};
document.addEventListener("click", (event) => {
  const target = event.target as Element;
  if (menu && menu.contains(target)) return;
  const cell = target.closest<HTMLTableCellElement>("[data-cells] tbody td");
  if (cell && !target.closest("a") && !getSelection()?.toString()) show(cell);
  else close();
});
document.addEventListener("keydown", (event) => {
  const cell = event.target as HTMLElement;
  if (event.key === "Enter" && cell instanceof HTMLTableCellElement && cell.matches("[data-cells] td")) { event.preventDefault(); event.stopPropagation(); show(cell); }
  if (!menu || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
  const found = [...menu.querySelectorAll<HTMLElement>("a, button")];
  const at = found.indexOf(document.activeElement as HTMLElement);
  found[(at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length]?.focus();
  event.preventDefault();
});

// --- whenever a part came -----------------------------------------------------------------------------------------------

const ready = () => {
  for (const button of document.querySelectorAll<HTMLElement>("[data-copy-link]")) button.dataset.copy = new URL(button.dataset.copy!, location.href).toString();
  for (const cell of document.querySelectorAll<HTMLElement>("[data-cells] tbody td")) if (cell.querySelector(".value")) cell.tabIndex = -1;
};
ready();
document.addEventListener("htmx:after:swap", ready);
