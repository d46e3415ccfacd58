// The SQL editor: a textarea with data-editor becomes CodeMirror. What it completes is in a script of JSON beside it
// (id in data-schema): stores, columns with their members, map keys, functions. The form stays a form.

import { type CompletionResult, acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, completionStatus, type CompletionContext } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab, toggleComment } from "@codemirror/commands";
import { SQLDialect, sql } from "@codemirror/lang-sql";
import { HighlightStyle, bracketMatching, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, MatchDecorator, ViewPlugin, type ViewUpdate, drawSelection, highlightActiveLine, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";

type Schema = { stores: { name: string; detail: string }[]; columns: { name: string; detail: string; info: string; members?: string[] }[]; keys: Record<string, string[]>; functions: { name: string; detail: string }[] };
type Problem = { line: number; column: number; length?: number; message: string };

const trino = SQLDialect.define({
  keywords: "select from where group by order having limit as and or not in is null like escape between case when then else end with union all distinct join left right full inner cross outer on using cast try_cast interval timestamp date over partition rows range exists unnest asc desc nulls first last rollup cube grouping sets filter within true false",
  types: "varchar bigint integer double boolean timestamp date map array row json",
  doubleDollarQuotedStrings: false,
  identifierQuotes: '"',
  specialVar: "?:",
});
const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: tags.special(tags.name), color: "var(--code-number)", fontWeight: "600" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.typeName, tags.function(tags.variableName)], color: "var(--code-type)" },
]);
const look = EditorView.theme({
  "&": { backgroundColor: "var(--field)", color: "var(--ink)", border: "1px solid var(--line-strong)", borderRadius: "6px", fontSize: "14px" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "1px" },
  ".cm-content": { fontFamily: "var(--mono)", padding: "10px 0", caretColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--quiet)", border: "none" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--focus) 7%, transparent)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--focus) 28%, transparent) !important" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--line-strong)", borderRadius: "6px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionDetail": { color: "var(--quiet)", marginLeft: "1em", fontStyle: "normal" },
  ".cm-store, .cm-store span": { color: "var(--code-string)" },
  ".cm-placeholder": { color: "var(--quiet)" },
});

// ids of stores say whose they are
const storeNames = (schema: Schema) => {
  const names = new Map(schema.stores.map((one) => [one.name.toLowerCase(), one.detail]));
  const matcher = new MatchDecorator({
    regexp: /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi,
    decoration: (match) => { const name = names.get(match[0].toLowerCase()); return name ? Decoration.mark({ class: "cm-store", attributes: { title: name } }) : null; },
  });
  return ViewPlugin.fromClass(
    class { marks: DecorationSet; constructor(view: EditorView) { this.marks = matcher.createDeco(view); } update(update: ViewUpdate) { this.marks = matcher.updateDeco(update, this.marks); } },
    { decorations: (one) => one.marks },
  );
};

// keys of a map as they are in the data: asked once a column, of the store that the statement names first
const asked = new Map<string, Promise<string[]>>();
const keysOf = (schema: Schema, column: string, text: string, usual: string) => {
  const store = schema.stores.find((one) => text.includes(one.name)) ?? schema.stores.find((one) => text.includes(one.name.replaceAll('"', "")));
  const named = (store?.name ?? usual).replaceAll('"', "");
  const known = Object.entries(schema.keys).find(([name]) => name.toLowerCase() === column.toLowerCase())?.[1] ?? [];
  const query = new URLSearchParams(location.search);
  const wanted = new URLSearchParams({ store: named, column });
  for (const name of ["range", "tz"]) if (query.get(name)) wanted.set(name, query.get(name)!);
  const place = `/console/query/keys?${wanted}`;
  if (!asked.has(place)) asked.set(place, fetch(place).then((answer) => (answer.ok ? (answer.json() as Promise<string[]>) : []), () => []));
  return asked.get(place)!.then((found) => [...new Set([...found, ...known])]);
};

const complete = (schema: Schema, usual: string) => async (context: CompletionContext): Promise<CompletionResult | null> => {
  const maps = schema.columns.filter((one) => one.detail === "map").map((one) => one.name).join("|") || "requestParameters";
  const key = context.matchBefore(new RegExp(`\\b(?:${maps})\\s*(?:,\\s*|\\[)'[\\w.:/-]*$`, "i"));
  if (key) {
    const column = /^\w+/.exec(key.text)![0];
    const from = key.from + key.text.lastIndexOf("'") + 1;
    const keys = await keysOf(schema, column, context.state.doc.toString(), usual);
    return { from, options: keys.map((label, rank) => ({ label, type: "property", boost: -rank / keys.length })), validFor: /^[\w.:/-]*$/ };
  }
  if (/Comment|String/.test(syntaxTree(context.state).resolveInner(context.pos, -1).name)) return null;
  const path = context.matchBefore(/[A-Za-z_][\w.]*\.\w*/);
  if (path) {
    const at = path.text.lastIndexOf(".");
    const owner = path.text.slice(0, at).toLowerCase();
    const names = new Set<string>();
    for (const column of schema.columns)
      for (const member of column.members ?? []) {
        const whole = `${column.name}.${member}`.toLowerCase();
        const place = whole.startsWith(`${owner}.`) ? owner.length + 1 : owner.includes(".") && whole.startsWith(`${owner.slice(owner.indexOf(".") + 1)}.`) ? owner.length - owner.indexOf(".") : 0;
        if (place) names.add(`${column.name}.${member}`.slice(place).split(".")[0]!);
      }
    if (names.size) return { from: path.from + at + 1, options: [...names].map((label) => ({ label, type: "property" })), validFor: /^\w*$/ };
  }
  const word = context.matchBefore(/[\w"-]+/);
  if (!word && !context.explicit) return null;
  const before = context.state.sliceDoc(Math.max(0, (word?.from ?? context.pos) - 30), word?.from ?? context.pos);
  const stores = schema.stores.map((one) => ({ label: one.name, detail: one.detail, type: "class", boost: /(from|join)\s+$/i.test(before) ? 99 : -50 }));
  if (/(from|join)\s+$/i.test(before)) return { from: word?.from ?? context.pos, options: stores, validFor: /^[\w"-]*$/ };
  return {
    from: word?.from ?? context.pos,
    options: [
      ...schema.columns.map((one) => ({ label: one.name, detail: one.detail, info: one.info, type: "variable", boost: 20 })),
      ...schema.functions.map((one) => ({ label: one.name, detail: one.detail, type: "function", apply: `${one.name}(` })),
      ..."SELECT FROM WHERE GROUP ORDER BY HAVING LIMIT AND OR NOT IN LIKE IS NULL BETWEEN CASE WHEN THEN ELSE END DISTINCT COUNT JOIN ON WITH AS DESC UNION".split(" ").map((label) => ({ label, type: "keyword", boost: -10 })),
      ...stores,
    ],
    validFor: /^[\w"-]*$/,
  };
};

const mount = (area: HTMLTextAreaElement) => {
  const form = area.form!;
  const given = document.getElementById(area.dataset.schema ?? "")?.textContent;
  const schema: Schema = given ? JSON.parse(given) : { stores: [], columns: [], keys: {}, functions: [] };
  const nonce = document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content ?? "";
  const run = () => { area.value = view.state.doc.toString(); form.requestSubmit(form.querySelector<HTMLButtonElement>("button[data-run]") ?? undefined); return true; };
  const format = () => {
    area.value = view.state.doc.toString();
    const button = form.querySelector<HTMLButtonElement>("button[data-format]");
    if (!button) return false;
    fetch(button.formAction, { method: "POST", headers: { accept: "application/json" }, body: new URLSearchParams(new FormData(form) as never) })
      .then((answer) => answer.json() as Promise<{ sql: string; wrong: string }>)
      .then(({ sql: text, wrong }) => { const check = document.querySelector("#check p"); if (wrong && check) check.textContent = wrong; if (text !== view.state.doc.toString()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }); });
    return true;
  };
  form.querySelector("button[data-format]")?.addEventListener("click", (event) => { event.preventDefault(); format(); });
  const wrap = new Compartment();
  const view = new EditorView({
    state: EditorState.create({
      doc: area.value,
      extensions: [
        EditorView.cspNonce.of(nonce), lineNumbers(), history(), drawSelection(), highlightActiveLine(), bracketMatching(), closeBrackets(), highlightSelectionMatches(), lintGutter(),
        sql({ dialect: trino, upperCaseKeywords: true }), syntaxHighlighting(colours), look, storeNames(schema), wrap.of(EditorView.lineWrapping),
        autocompletion({ override: [complete(schema, area.dataset.store ?? "")], activateOnTyping: true }), placeholder(area.placeholder),
        // a letter in the place of a selection: Chromium would keep the look of what was there by a style of its own, which CSP reports
        EditorView.domEventHandlers({ beforeinput: (event, one) => {
          if (event.inputType !== "insertText" || !/^[\w ]$/.test(event.data ?? "") || one.state.selection.main.empty || one.composing) return false;
          event.preventDefault();
          one.dispatch(one.state.update(one.state.replaceSelection(event.data!), { userEvent: "input.type", scrollIntoView: true }));
          return true;
        } }),
        EditorView.contentAttributes.of({ "aria-label": area.getAttribute("aria-label") ?? "SQL" }),
        Prec.highest(keymap.of([{ key: "Mod-Enter", run }, { key: "Mod-/", run: toggleComment }, { key: "Shift-Alt-f", run: format }, { key: "Tab", run: acceptCompletion }, { key: "Escape", run: (one) => { if (completionStatus(one.state)) return false; one.contentDOM.blur(); return true; } }])),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
        EditorView.updateListener.of((update) => { if (update.docChanged) { area.value = update.state.doc.toString(); area.dispatchEvent(new Event("input", { bubbles: true })); } }),
      ],
    }),
  });
  area.hidden = true;
  area.after(view.dom);
  form.addEventListener("submit", () => { area.value = view.state.doc.toString(); }, true);
  if (area.autofocus) view.focus();
  // problems: a script of JSON (id in data-problems), read again whenever a part of the page was swapped
  const mark = () => {
    const text = document.getElementById(area.dataset.problems ?? "")?.textContent;
    const problems: Problem[] = text?.trim() ? JSON.parse(text) : [];
    const found = problems.map((problem) => {
      const line = view.state.doc.line(Math.max(1, Math.min(problem.line || 1, view.state.doc.lines)));
      const from = Math.min(line.to, line.from + Math.max(0, (problem.column || 1) - 1));
      const word = /^[\w.]+/.exec(view.state.sliceDoc(from, line.to))?.[0].length ?? 1;
      return { from, to: Math.min(line.to, from + (problem.length ?? word)), severity: "error" as const, message: problem.message };
    });
    view.dispatch(setDiagnostics(view.state, found));
  };
  mark();
  for (const name of ["htmx:after:swap", "htmx:afterSwap"]) document.addEventListener(name, mark);
  area.addEventListener("enter", () => view.focus());
  // text that something else puts into the editor (a sample, the formatter)
  area.addEventListener("settext", (event) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: (event as CustomEvent<string>).detail } }));
};
document.querySelectorAll<HTMLTextAreaElement>("textarea[data-editor]").forEach(mount);
