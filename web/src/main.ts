// What every page has: theme, going anywhere, keys, copying, the time range. Pages work without it.
export {};

const $ = <T extends Element>(selector: string, from: ParentNode = document) => from.querySelector<T>(selector);
const all = <T extends Element>(selector: string, from: ParentNode = document) => [...from.querySelectorAll<T>(selector)];
const base = "/console";

// --- theme ---------------------------------------------------------------------------------------------------------

for (const input of all<HTMLInputElement>("[data-theme-choice] input")) {
  input.addEventListener("change", () => {
    const value = input.value;
    document.cookie = `theme=${value}; path=${base}; max-age=${value ? 31536000 : 0}; samesite=lax`;
    if (value) document.documentElement.dataset.theme = value;
    else delete document.documentElement.dataset.theme;
    document.dispatchEvent(new CustomEvent("themechange"));
  });
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new CustomEvent("themechange")));

// --- dialogs and menus -----------------------------------------------------------------------------------------------

const open = (id: string) => {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
};
document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const opener = target.closest<HTMLElement>("[data-open]");
  if (opener) open(opener.dataset.open!);
  if (target instanceof HTMLDialogElement) target.close(); // a click beside it
  for (const menu of all<HTMLDetailsElement>("details.menu[open]")) if (!menu.contains(target)) menu.open = false;
});

// --- copying ---------------------------------------------------------------------------------------------------------

document.addEventListener("click", async (event) => {
  const button = (event.target as Element).closest<HTMLElement>("[data-copy]");
  if (!button) return;
  const from = button.dataset.copyFrom ? $(button.dataset.copyFrom)?.textContent : button.dataset.copy;
  await navigator.clipboard?.writeText(from ?? "");
  button.classList.add("done");
  button.addEventListener("mouseleave", () => button.classList.remove("done"), { once: true });
});

// --- the link of a first visit: its secret is in the fragment ----------------------------------------------------------

const welcome = $<HTMLFormElement>("[data-welcome]");
if (welcome && location.hash.length > 1) {
  welcome.querySelector<HTMLInputElement>("[name=token]")!.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
}

// --- the time range: from and to become one value -----------------------------------------------------------------------

for (const form of all<HTMLFormElement>("[data-range-form]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    const query = new URLSearchParams(location.search);
    for (const name of ["page", "after"]) query.delete(name);
    query.set("range", `${fields.get("from")}..${fields.get("to")}`);
    query.set("tz", String(fields.get("tz") ?? "UTC"));
    location.search = query.toString();
  });
}

// --- going anywhere ------------------------------------------------------------------------------------------------------

type Place = { name: string; hint: string; href: string };
const kept = () => {
  const query = new URLSearchParams(location.search);
  const out = new URLSearchParams();
  for (const name of ["range", "tz"]) if (query.get(name)) out.set(name, query.get(name)!);
  return out;
};
const to = (path: string, given: Record<string, string> = {}) => {
  const query = kept();
  for (const [name, value] of Object.entries(given)) query.append(name, value);
  const text = query.toString();
  return base + path + (text ? `?${text}` : "");
};
const PAGES: Place[] = [
  ["Home", "is the lake healthy and current?", "/"],
  ["Events", "the whole history, newest first", "/events"],
  ["Query", "ask in SQL", "/query"],
  ["Saved queries and samples", "queries that are ready", "/query/samples"],
  ["Dashboards", "managed and your own", "/dashboards"],
  ["Stores", "event data stores", "/stores"],
  ["Imports", "logs that are brought in", "/stores/imports"],
  ["Channels", "events from outside of AWS", "/stores/channels"],
  ["Settings", "users, keys, sources, limits", "/settings"],
  ["Password and sessions", "your own", "/settings/me"],
].map(([name, hint, path]) => ({ name: name!, hint: hint!, href: to(path!) }));

const pivots = (text: string): Place[] => {
  const found: Place[] = [];
  const add = (name: string, given: Record<string, string>, path = "/events") =>
    found.push({ name, hint: text, href: to(path, { range: "all", ...given }) });
  if (/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text)) add("The event with this id", {}, `/events/${encodeURIComponent(text)}`);
  if (/^A[KS]IA[A-Z0-9]{12,}$/.test(text)) add("Everything this access key did", { f: `userIdentity.accessKeyId=${text}` });
  if (/^\d{1,3}(\.\d{1,3}){3}$|^[0-9a-f:]+:[0-9a-f:]+$/i.test(text)) add("Everything from this address", { f: `sourceIPAddress=${text}` });
  if (/^arn:aws[a-z-]*:(iam|sts):/.test(text)) add("Everything this principal did", { f: `userIdentity.arn=${text}` });
  if (/^\d{12}$/.test(text)) add("Everything in this account", { f: `recipientAccountId=${text}` });
  if (text.length > 1) add("Search all events for this text", { q: text });
  return found;
};

const palette = document.getElementById("palette") as HTMLDialogElement | null;
if (palette) {
  const input = $<HTMLInputElement>("input", palette)!;
  const list = $<HTMLUListElement>("ul", palette)!;
  let chosen = 0;
  const show = () => {
    const text = input.value.trim();
    const low = text.toLowerCase();
    const pages = PAGES.filter((one) => `${one.name} ${one.hint}`.toLowerCase().includes(low));
    const places = text ? [...pages.slice(0, 4), ...pivots(text)] : pages;
    chosen = Math.max(0, Math.min(chosen, places.length - 1));
    list.replaceChildren(
      ...places.map((place, number) => {
        const item = document.createElement("li");
        item.setAttribute("role", "presentation");
        const link = document.createElement("a");
        link.id = `place-${number}`;
        link.setAttribute("role", "option");
        link.setAttribute("aria-selected", String(number === chosen));
        link.href = place.href;
        link.tabIndex = -1;
        const name = document.createElement("span");
        name.textContent = place.name;
        const hint = document.createElement("span");
        hint.className = "quiet";
        hint.textContent = place.hint;
        link.append(name, hint);
        item.append(link);
        return item;
      }),
    );
    if (places.length) input.setAttribute("aria-activedescendant", `place-${chosen}`);
    else input.removeAttribute("aria-activedescendant");
  };
  input.addEventListener("input", () => { chosen = 0; show(); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      chosen += event.key === "ArrowDown" ? 1 : -1;
      show();
      event.preventDefault();
    } else if (event.key === "Enter") {
      event.preventDefault();
      all<HTMLAnchorElement>("a", list)[chosen]?.click();
    }
  });
  new MutationObserver(() => { if (palette.open) { input.value = ""; chosen = 0; show(); input.focus(); } }).observe(palette, { attributeFilter: ["open"] });
}

// --- keys --------------------------------------------------------------------------------------------------------------

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
let waiting = "";
const rows = () => all<HTMLElement>("[data-row]").filter((row) => row.offsetParent !== null);
const step = (by: number) => {
  const found = rows();
  if (!found.length) return;
  const now = found.findIndex((row) => row === document.activeElement || row.contains(document.activeElement));
  const next = found[Math.max(0, Math.min(found.length - 1, now < 0 ? 0 : now + by))]!;
  next.tabIndex = 0;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
};
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    open("palette");
    return;
  }
  if (event.key === "Escape") for (const menu of all<HTMLDetailsElement>("details.menu[open]")) { menu.open = false; $<HTMLElement>("summary", menu)?.focus(); }
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
  const key = event.key;
  if (waiting === "g") {
    waiting = "";
    const link = $<HTMLAnchorElement>(`[data-key="g ${CSS.escape(key)}"]`);
    if (link) { event.preventDefault(); link.click(); }
    return;
  }
  const bound = all<HTMLElement>("[data-key]").find((one) => one.dataset.key === key);
  if (key === "g") waiting = "g";
  else if (key === "?") open("help");
  else if (key === "/") { const search = $<HTMLElement>("[data-search]"); if (search) { event.preventDefault(); search.focus(); } }
  else if (key === "t") { const range = $<HTMLDetailsElement>("[data-range]"); if (range) { event.preventDefault(); range.open = true; $<HTMLElement>("a, input", range)?.focus(); } }
  else if (key === "j" || key === "k") { event.preventDefault(); step(key === "j" ? 1 : -1); }
  else if (key === "Enter" && event.target instanceof HTMLElement && event.target.matches("[data-row]")) $<HTMLAnchorElement>("a", event.target)?.click();
  else if (bound) { event.preventDefault(); bound.click(); bound.focus(); }
});

// --- forms that ask before they do --------------------------------------------------------------------------------------

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  const question = (event as SubmitEvent).submitter?.getAttribute("data-confirm") ?? form.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});
// a form of filters sends itself when something is chosen
document.addEventListener("change", (event) => {
  const form = (event.target as Element).closest<HTMLFormElement>("form[data-live]");
  form?.requestSubmit();
});
