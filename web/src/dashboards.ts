// Building a dashboard: widgets change their place and size here at once, and are kept when the form is sent. Without
// this script each button sends the form. Of the form of a widget: only the columns of the chosen view.
export {};

const arrange = document.querySelector<HTMLFormElement>("form[data-arrange]");
if (arrange) {
  const list = arrange.querySelector("ol")!;
  const said = arrange.querySelector<HTMLElement>("[data-said]")!;
  const save = arrange.querySelector<HTMLButtonElement>("[data-save-arrangement]")!;
  const places = () => [...list.querySelectorAll<HTMLElement>("[data-place]")];
  let changed = false;
  save.disabled = true;

  const note = (text: string) => {
    changed = true;
    save.disabled = false;
    said.textContent = text;
  };
  const where = (place: HTMLElement) => `${place.dataset.title}: place ${places().indexOf(place) + 1} of ${places().length}`;
  const put = (place: HTMLElement, before: Element | null) => {
    list.insertBefore(place, before);
    note(where(place));
  };
  const resize = (place: HTMLElement, side: 1 | 2, by: number) => {
    const field = place.querySelector<HTMLInputElement>("input[name=widget]")!;
    const parts = field.value.split("|");
    const most = side === 1 ? 4 : 6;
    parts[side] = String(Math.max(1, Math.min(most, Number(parts[side]) + by)));
    field.value = parts.join("|");
    place.className = place.className.replace(/\bw\d\b/, `w${parts[1]}`);
    place.querySelector<HTMLElement>("[data-size]")!.textContent = `${parts[1]} × ${parts[2]}`;
    note(`${place.dataset.title}: ${parts[1]} wide, ${parts[2]} high`);
  };
  const move = (place: HTMLElement, how: string) => {
    if (how === "earlier" && place.previousElementSibling) put(place, place.previousElementSibling);
    else if (how === "later" && place.nextElementSibling) put(place, place.nextElementSibling.nextElementSibling);
    else if (how === "narrower" || how === "wider") resize(place, 1, how === "wider" ? 1 : -1);
    else if (how === "shorter" || how === "taller") resize(place, 2, how === "taller" ? 1 : -1);
  };

  list.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("button[data-move]");
    if (!button) return;
    event.preventDefault();
    move(button.closest<HTMLElement>("[data-place]")!, button.dataset.move!);
    button.focus();
  });
  list.addEventListener("keydown", (event) => {
    const handle = (event.target as Element).closest<HTMLElement>("[data-handle]");
    const how = event.shiftKey
      ? { ArrowLeft: "narrower", ArrowRight: "wider", ArrowUp: "shorter", ArrowDown: "taller" }[event.key]
      : { ArrowLeft: "earlier", ArrowUp: "earlier", ArrowRight: "later", ArrowDown: "later" }[event.key];
    if (!handle || !how) return;
    event.preventDefault();
    move(handle.closest<HTMLElement>("[data-place]")!, how);
    handle.focus();
  });

  let dragged: HTMLElement | null = null;
  const over = (event: Event) => (event.target as Element).closest<HTMLElement>("[data-place]");
  const clear = () => places().forEach((place) => place.classList.remove("over", "dragged"));
  list.addEventListener("dragstart", (event) => {
    dragged = over(event);
    dragged?.classList.add("dragged");
    event.dataTransfer?.setData("text/plain", dragged?.dataset.title ?? "");
  });
  list.addEventListener("dragover", (event) => {
    const place = over(event);
    if (!dragged) return;
    event.preventDefault();
    places().forEach((one) => one.classList.toggle("over", one === place && one !== dragged));
  });
  list.addEventListener("drop", (event) => {
    const place = over(event);
    event.preventDefault();
    if (dragged && place && place !== dragged) put(dragged, places().indexOf(dragged) < places().indexOf(place) ? place.nextElementSibling : place);
    clear();
    dragged = null;
  });
  list.addEventListener("dragend", () => { clear(); dragged = null; });

  arrange.addEventListener("submit", () => { changed = false; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}

for (const view of document.querySelectorAll<HTMLSelectElement>("select[data-view]")) {
  const show = () => {
    for (const one of view.form!.querySelectorAll<HTMLElement>("[data-of]")) one.hidden = !one.dataset.of!.split(" ").includes(view.value);
  };
  view.addEventListener("change", show);
  show();
}
