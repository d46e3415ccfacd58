// The list of events: marking rows, comparing two, going to the counts beside it, searching the list of columns.
export {};

const all = <T extends Element>(selector: string, from: ParentNode = document) => [...from.querySelectorAll<T>(selector)];
const isTyping = (target: EventTarget | null) => target instanceof HTMLElement && (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) || (target instanceof HTMLInputElement && target.type !== "checkbox"));

// --- marking: the two that were marked last are compared -------------------------------------------------------------

const boxes = () => all<HTMLInputElement>("input[name=pick]");
const marked: HTMLInputElement[] = boxes().filter((box) => box.checked);
const show = () => {
  for (const box of boxes()) box.closest("tr")?.classList.toggle("marked", box.checked);
  for (const button of all<HTMLButtonElement>("[data-compare]")) {
    button.disabled = marked.length !== 2;
    button.title = marked.length === 2 ? "Compare the two (c)" : "Mark two events (x), then compare (c)";
  }
  for (const told of all<HTMLElement>("[data-marked]")) told.textContent = marked.length ? `${marked.length} of 2 marked` : "";
};
const mark = (box: HTMLInputElement) => {
  const at = marked.indexOf(box);
  if (at >= 0) marked.splice(at, 1);
  if (box.checked) marked.push(box);
  while (marked.length > 2) marked.shift()!.checked = false;
  show();
};
document.addEventListener("change", (event) => { if (event.target instanceof HTMLInputElement && event.target.name === "pick") mark(event.target); });
show();

// --- keys ----------------------------------------------------------------------------------------------------------------

const links = () => all<HTMLAnchorElement>(".facets a[data-value]").filter((link) => link.offsetParent !== null);
document.addEventListener("keydown", (event) => {
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const here = document.activeElement;
  if (event.key === "x") {
    const box = here?.closest("[data-row]")?.querySelector<HTMLInputElement>("input[name=pick]");
    if (box) { box.checked = !box.checked; mark(box); event.preventDefault(); }
  } else if (event.key === "f") {
    event.preventDefault();
    const fold = document.querySelector<HTMLDetailsElement>("details.facets-fold");
    if (fold) fold.open = true;
    (links()[0] ?? document.querySelector<HTMLElement>(".facets-fold summary"))?.focus();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && here?.matches(".facets a[data-value]")) {
    const found = links();
    const next = found[found.indexOf(here as HTMLAnchorElement) + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) { event.preventDefault(); next.focus(); }
  }
});

// --- the list of columns ---------------------------------------------------------------------------------------------

document.addEventListener("input", (event) => {
  const field = event.target as HTMLInputElement;
  if (!field.matches("[data-narrows]")) return;
  const text = field.value.trim().toLowerCase();
  const items = all<HTMLElement>("li", document.querySelector(field.dataset.narrows!)!);
  for (const item of items) item.hidden = !item.textContent!.toLowerCase().includes(text);
});
