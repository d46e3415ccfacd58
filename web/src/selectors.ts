// The selector builder without loading the page: whatever changes goes to the server, which answers with the builder and
// the JSON as they are then; what would be kept, likewise. Without this script the same buttons send the form.
export {};

const form = document.querySelector<HTMLFormElement>("form[data-selectors]");
const PAUSE = 400; // milliseconds without a key before JSON is read

let turn = 0;
const ask = async (button: HTMLButtonElement | null, action: string) => {
  const fields = new URLSearchParams(new FormData(form!) as never);
  fields.set("do", button?.value ?? action);
  const answer = await fetch(form!.action, { method: "POST", body: fields, headers: { "hx-request": "true" } });
  if (answer.headers.get("hx-redirect")) location.assign(answer.headers.get("hx-redirect")!);
  return answer.headers.get("content-type")?.startsWith("text/html") ? answer.text() : "";
};
const parsed = (text: string, id: string) => new DOMParser().parseFromString(text, "text/html").getElementById(id);

const typed = () => [...document.querySelectorAll<HTMLInputElement>("#what :is(input, select, textarea)")].map((field) => field.value).join("\u0000");

const replaceBuilder = async (button: HTMLButtonElement | null = null) => {
  const mine = ++turn;
  const before = typed();
  const part = parsed(await ask(button, "look"), "what");
  const old = document.getElementById("what");
  if (!part || !old || mine !== turn) return; // a later one is on its way
  if (!button && before !== typed()) return; // it was typed on meanwhile, and will be sent
  const active = document.activeElement;
  const json = old.querySelector<HTMLTextAreaElement>("#selectors-json")!;
  const typing = active === json;
  const focus = active instanceof HTMLElement && old.contains(active) ? active.id : "";
  const fresh = part.querySelector<HTMLTextAreaElement>("#selectors-json")!;
  const open = old.querySelector<HTMLDetailsElement>("details.json")!.open;
  if (open) part.querySelector<HTMLDetailsElement>("details.json")!.open = true;
  const place = json.selectionStart;
  old.replaceWith(document.adoptNode(part));
  const wanted = part.querySelector<HTMLElement>("[autofocus]") ?? (focus ? document.getElementById(focus) : null);
  wanted?.focus();
  if (typing) fresh.setSelectionRange(place, place);
};

if (form) {
  let waiting = 0;
  form.addEventListener("change", (event) => {
    const field = event.target as HTMLInputElement;
    if (field.closest("#what") && field.id !== "selectors-json") replaceBuilder();
  });
  form.addEventListener("input", (event) => {
    if ((event.target as HTMLElement).id !== "selectors-json") return;
    clearTimeout(waiting);
    waiting = window.setTimeout(() => replaceBuilder(), PAUSE);
  });
  form.addEventListener("click", async (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("button");
    if (!button) return;
    if (button.hasAttribute("data-part")) {
      event.preventDefault();
      await replaceBuilder(button);
    } else if (button.hasAttribute("data-whatif")) {
      event.preventDefault();
      form.classList.add("htmx-request");
      button.disabled = true;
      try {
        const part = parsed(await ask(button, "what-if"), "whatif");
        if (part) document.getElementById("whatif")?.replaceWith(document.adoptNode(part));
        document.dispatchEvent(new CustomEvent("htmx:after:swap"));
      } finally {
        form.classList.remove("htmx-request");
        button.disabled = false;
      }
    }
  });
}
