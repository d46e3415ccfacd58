// Builds src/ into ../src/trailmere/web/static, and writes there which sources it was built from (sources.json).
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";

const place = new URL("../src/trailmere/web/static/", import.meta.url).pathname;
const here = new URL("./", import.meta.url).pathname;
const out = `${here}built/`; // takes its place when it is whole

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  entryPoints: ["main.ts", "editor.ts", "chart.ts", "dashboards.ts", "query.ts", "events.ts", "selectors.ts", "passkey.ts", "style.css"].map((name) => `${here}src/${name}`),
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "linked",
});
copyFileSync(`${here}node_modules/htmx.org/dist/htmx.min.js`, `${out}htmx.js`);
copyFileSync(`${here}src/mark.svg`, `${out}mark.svg`);

const packages = ["htmx.org", "echarts", "zrender", "tslib"].concat(
  readdirSync(`${here}node_modules/@codemirror`).map((name) => `@codemirror/${name}`),
  readdirSync(`${here}node_modules/@lezer`).map((name) => `@lezer/${name}`),
);
const notices = packages.map((name) => {
  const folder = `${here}node_modules/${name}/`;
  const { version, license } = JSON.parse(readFileSync(`${folder}package.json`, "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  const text = file ? readFileSync(folder + file, "utf8") : "";
  return `${name} ${version}, ${license}\n\n${text.trim()}\n`;
});
writeFileSync(`${out}notices.txt`, notices.join(`\n${"-".repeat(79)}\n\n`));

const sources = [...readdirSync(`${here}src`).map((name) => `src/${name}`), "build.mjs", "package-lock.json"].sort();
const hashes = sources.map((name) => [name, createHash("sha256").update(readFileSync(here + name)).digest("hex")]);
writeFileSync(`${out}sources.json`, JSON.stringify(Object.fromEntries(hashes), null, 1) + "\n");
rmSync(place, { recursive: true, force: true });
renameSync(out, place);
