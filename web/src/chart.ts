// Draws the tables of figures with data-chart. The table stays for whoever has no script, or wants the numbers.
// A click on a mark goes to the link of its row's data-href, or to data-drill with {label} and {series} filled in.

import { BarChart, LineChart, PieChart } from "echarts/charts";
import { AriaComponent, DataZoomComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, LineChart, PieChart, AriaComponent, DataZoomComponent, GridComponent, LegendComponent, TooltipComponent, LabelLayout, CanvasRenderer]);

type Row = { label: string; series: string; value: number; href: string; from: string; to: string };
const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const palette = () => [1, 2, 3, 4, 5, 6, 7, 8].map((number) => css(`--chart-${number}`));
const plain = (text: string) => Number(text.replaceAll(",", ""));

const read = (figure: HTMLElement): Row[] => {
  const heads = [...figure.querySelectorAll("thead th")].map((cell) => cell.textContent!.trim());
  const filter = heads.indexOf(figure.dataset.filter ?? "");
  const at = { label: Number(figure.dataset.label ?? 0), value: Number(figure.dataset.value ?? heads.length - 1) };
  return [...figure.querySelectorAll<HTMLTableRowElement>("tbody tr")].map((row) => {
    const cells = [...row.cells].map((cell) => cell.textContent!.trim());
    return { label: cells[at.label]!, series: filter < 0 ? heads[at.value]! : cells[filter]!, value: plain(cells[at.value]!), href: row.dataset.href ?? "", from: row.dataset.from ?? "", to: row.dataset.to ?? "" };
  });
};

// Counts over equal spans (data-step, in seconds): what is left out is zero.
const filled = (rows: Row[], step: number, span: string): Row[] => {
  const moments = rows.map((row) => Date.parse(`${row.label.replace(" ", "T")}Z`));
  if (!step || !rows.length || moments.some(Number.isNaN)) return rows;
  const size = step * 1000;
  const [from, to] = span.split("..").map((text) => Date.parse(`${text.replace(" ", "T")}Z`));
  let [first, last] = [Math.min(...moments), Math.max(...moments)];
  if (from && to) {
    first -= Math.max(0, Math.floor((first - from) / size)) * size;
    last += Math.max(0, Math.ceil((to - last) / size) - 1) * size;
  }
  if ((last - first) / size > 2000) return rows;
  const labels: string[] = [];
  for (let moment = first; moment <= last; moment += size) labels.push(new Date(moment).toISOString().slice(0, 19).replace("T", " "));
  const known = new Set(labels);
  if (!rows.every((row) => known.has(row.label))) return rows; // a change of clocks lies between
  const of = new Map<string, Row[]>();
  for (const row of rows) of.set(row.label, [...(of.get(row.label) ?? []), row]);
  return labels.flatMap((label) => of.get(label) ?? [{ ...rows[0]!, label, value: 0, href: "" }]);
};
// A time on an axis, as short as it can be; of an ARN what tells it from others of its account.
const short = (text: string) => {
  if (text.startsWith("arn:")) return text.split(":").slice(5).join(":") || text;
  const time = /^\d{4}-(\d\d-\d\d) (\d\d:\d\d):\d\d/.exec(text);
  return time ? (time[2] === "00:00" ? time[1]! : `${time[1]} ${time[2]}`) : text;
};

const options = (kind: string, rows: Row[]) => {
  const text = { color: css("--quiet"), fontFamily: css("--face"), fontSize: 12 };
  const common = {
    color: palette(),
    aria: { enabled: true, decal: { show: kind !== "line" } },
    textStyle: text,
    tooltip: { trigger: kind === "pie" ? "item" : "axis", renderMode: "richText", confine: true, backgroundColor: css("--raised"), borderColor: css("--line"), textStyle: { ...text, color: css("--ink") } },
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 200,
  };
  if (kind === "pie")
    return { ...common, legend: { type: "scroll", bottom: 0, textStyle: text, formatter: short }, series: [{ type: "pie", radius: ["42%", "68%"], center: ["50%", "44%"], label: { ...text, overflow: "truncate", width: 110, formatter: (one: { name: string }) => short(one.name) }, data: rows.map((row) => ({ name: row.label, value: row.value, href: row.href })) }] };
  const labels = [...new Set(rows.map((row) => row.label))];
  const names = [...new Set(rows.map((row) => row.series))];
  const index = new Map(rows.map((row) => [`${row.series}\u0000${row.label}`, row]));
  const flat = kind === "bar";
  const category = { type: "category", data: labels, axisLine: { lineStyle: { color: css("--line") } }, axisTick: { show: false }, axisLabel: { ...text, formatter: short, ...(flat ? { width: 210, overflow: "truncate" } : { hideOverlap: true }) }, ...(flat ? { inverse: true } : { boundaryGap: kind === "column" || labels.length < 3 }) };
  const amount = { type: "value", minInterval: 1, splitLine: { lineStyle: { color: css("--line") } }, axisLabel: { ...text, hideOverlap: true } };
  return {
    ...common,
    grid: { left: 8, right: 16, top: names.length > 1 ? 34 : 12, bottom: 8, containLabel: true },
    legend: names.length > 1 ? { type: "scroll", top: 0, textStyle: text, formatter: short } : undefined,
    xAxis: flat ? amount : category,
    yAxis: flat ? category : amount,
    series: names.map((name) => ({
      name, type: kind === "line" ? "line" : "bar", showSymbol: labels.length < 40, symbol: "circle", symbolSize: 6, barMaxWidth: 22, ...(kind === "line" || names.length < 2 ? {} : { stack: "all" }),
      data: labels.map((label) => { const row = index.get(`${name}\u0000${label}`); return { value: row?.value ?? (kind === "line" ? 0 : null), href: row?.href ?? "" }; }),
    })),
  };
};

// Dragging over a chart with data-zoom goes there, with FROM and TO as the rows of its first and last mark have them.
const zoom = (figure: HTMLElement, canvas: HTMLElement, rows: Row[], place: (x: number) => number) => {
  const spans = [...new Map(rows.map((row) => [row.label, row])).values()];
  const band = document.createElement("div");
  band.className = "band";
  band.hidden = true;
  canvas.append(band);
  let from = -1;
  const at = (event: PointerEvent) => event.clientX - canvas.getBoundingClientRect().left;
  const within = (x: number) => spans[Math.max(0, Math.min(spans.length - 1, place(x)))]!;
  canvas.addEventListener("pointerdown", (event) => { if (event.button === 0) from = at(event); delete figure.dataset.dragged; });
  window.addEventListener("pointermove", (event) => {
    if (from < 0) return;
    const [left, right] = [Math.min(from, at(event)), Math.max(from, at(event))];
    if (right - left < 8) return;
    figure.dataset.dragged = "yes";
    band.hidden = false;
    band.style.left = `${left}px`;
    band.style.width = `${right - left}px`;
  });
  window.addEventListener("pointerup", (event) => {
    if (from >= 0 && figure.dataset.dragged) {
      const [left, right] = [within(Math.min(from, at(event))), within(Math.max(from, at(event)))];
      location.assign(figure.dataset.zoom!.replace("FROM", encodeURIComponent(left.from)).replace("TO", encodeURIComponent(right.to)));
    }
    from = -1;
    band.hidden = true;
  });
};

const draw = (figure: HTMLElement) => {
  if (figure.dataset.drawn) return;
  const rows = filled(read(figure), Number(figure.dataset.step ?? 0), figure.dataset.span ?? "");
  const canvas = figure.querySelector<HTMLElement>(".canvas")!;
  if (!rows.length) return;
  figure.dataset.drawn = "yes";
  const kind = figure.dataset.chart!;
  if (kind === "bar") canvas.style.height = `${Math.max(160, 40 + 26 * new Set(rows.map((row) => row.label)).size)}px`;
  const chart = init(canvas, null, { renderer: "canvas" });
  const show = () => chart.setOption(options(kind, rows) as never, true);
  show();
  if (figure.dataset.zoom) zoom(figure, canvas, rows, (x) => chart.convertFromPixel({ xAxisIndex: 0 }, x) as unknown as number);
  chart.on("click", (event) => {
    if (figure.dataset.dragged) return;
    const href = (event.data as { href?: string } | undefined)?.href;
    const drill = figure.dataset.drill;
    if (href) location.assign(href);
    else if (drill) location.assign(drill.replaceAll("{label}", encodeURIComponent(event.name)).replaceAll("{series}", encodeURIComponent(event.seriesName ?? "")));
  });
  new ResizeObserver(() => chart.resize()).observe(canvas);
  document.addEventListener("themechange", show);
};
const drawAll = (from: ParentNode = document) => from.querySelectorAll<HTMLElement>("figure[data-chart]").forEach(draw);
drawAll();
document.addEventListener("htmx:after:swap", () => drawAll());
document.addEventListener("htmx:afterSwap", () => drawAll());
