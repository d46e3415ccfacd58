// The SQL editor: a textarea with data-editor becomes CodeMirror. What it completes is in a script of JSON beside it
// (id in data-schema): stores, columns with their members, map keys, functions. The form stays a form.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type CompletionContext } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab, toggleComment } from "@codemirror/commands";
import { SQLDialect, sql } from "@codemirror/lang-sql";
import { HighlightStyle, bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";

type Schema = { stores: { name: string; detail: string }[]; columns: { name: string; detail: string; info: string; members?: string[] }[]; keys: Record<string, string[]>; functions: { name: string; detail: string }[] };
type Problem = { line: number; column: number; length?: number; message: string };

const trino = SQLDialect.define({
  keywords: "select from where group by order having limit as and or not in is null like escape between case when then else end with union all distinct join left right full inner cross outer on using cast try_cast interval timestamp date over partition rows range exists unnest asc desc nulls first last rollup cube grouping sets filter within true false",
  types: "varchar bigint integer double boolean timestamp date map array row json",
  doubleDollarQuotedStrings: false,
  identifierQuotes: '"',
});
const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
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
  ".cm-placeholder": { color: "var(--quiet)" },
});

const complete = (schema: Schema) => (context: CompletionContext) => {
  const key = context.matchBefore(/(requestParameters|responseElements|additionalEventData|serviceEventDetails)\s*(?:,\s*|\[)'[\w.-]*/i);
  if (key) {
    const column = Object.keys(schema.keys).find((name) => key.text.toLowerCase().startsWith(name.toLowerCase()));
    const from = key.from + key.text.lastIndexOf("'") + 1;
    if (column) return { from, options: schema.keys[column]!.map((label) => ({ label, type: "property" })), validFor: /^[\w.-]*$/ };
  }
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
  const wrap = new Compartment();
  const view = new EditorView({
    state: EditorState.create({
      doc: area.value,
      extensions: [
        EditorView.cspNonce.of(nonce), lineNumbers(), history(), drawSelection(), highlightActiveLine(), bracketMatching(), closeBrackets(), highlightSelectionMatches(), lintGutter(),
        sql({ dialect: trino, upperCaseKeywords: true }), syntaxHighlighting(colours), look, wrap.of(EditorView.lineWrapping),
        autocompletion({ override: [complete(schema)], activateOnTyping: true }), placeholder(area.placeholder),
        EditorView.contentAttributes.of({ "aria-label": area.getAttribute("aria-label") ?? "SQL" }),
        Prec.highest(keymap.of([{ key: "Mod-Enter", run }, { key: "Mod-/", run: toggleComment }, { key: "Escape", run: (one) => { one.contentDOM.blur(); return true; } }])),
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
  // text that something else puts into the editor (a sample, the formatter)
  area.addEventListener("settext", (event) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: (event as CustomEvent<string>).detail } }));
};
document.querySelectorAll<HTMLTextAreaElement>("textarea[data-editor]").forEach(mount);
