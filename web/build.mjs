// Bundles what the pages need into the server: styles, fonts, scripts, with names that
// change when their content does, and a manifest that the server reads.

import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../src/charteroak/server/web/static");
const packages = join(here, "node_modules");

// The components of the US Web Design System that the pages use. The whole sheet is
// half a megabyte, most of it utilities and components of other sites.
const KEPT = [
  "accordion", "alert", "button", "checkbox", "error-message", "fieldset", "focus",
  "form", "hint", "input", "intro", "label", "legend", "link", "list", "pagination",
  "process-list", "prose", "radio", "select", "skipnav", "sr-only", "summary-box",
  "table", "tag", "textarea",
];
const kept = new RegExp(`\\.usa-(?:${KEPT.join("|")})(?![a-z])`);

/** Rules of a style sheet, one text each; a nested block stays whole. */
function* rules(css) {
  let depth = 0;
  let from = 0;
  for (let at = 0; at < css.length; at += 1) {
    if (css[at] === "{") depth += 1;
    if (css[at] === "}") depth -= 1;
    if (depth === 0 && (css[at] === "}" || css[at] === ";")) {
      yield css.slice(from, at + 1);
      from = at + 1;
    }
  }
}

/** Drops selectors of components and utilities that are not kept. */
function prune(css) {
  let text = "";
  for (const rule of rules(css)) {
    const open = rule.indexOf("{");
    const head = rule.slice(0, open).trim();
    if (head.startsWith("@media") || head.startsWith("@supports")) {
      const inner = prune(rule.slice(open + 1, -1));
      if (inner) text += `${head}{${inner}}`;
    } else if (head.startsWith("@")) {
      // Fonts are ours to choose (desk.css); key frames are for what we dropped.
    } else {
      const wanted = head
        .split(/,(?![^(]*\))/)
        .filter((selector) => !selector.includes(".") || kept.test(selector));
      if (wanted.length) text += wanted.join(",") + rule.slice(open);
    }
  }
  return text;
}

const designSystem = {
  name: "design-system",
  setup(bundler) {
    bundler.onLoad({ filter: /uswds\.min\.css$/ }, async ({ path }) => ({
      contents: prune((await readFile(path, "utf8")).replace(/\/\*[\s\S]*?\*\//g, "")),
      loader: "css",
    }));
  },
};

const hashed = (name, content) => {
  const [stem, extension] = [name.replace(/\.[^.]+$/, ""), name.split(".").pop()];
  const digest = createHash("sha256").update(content).digest("hex").slice(0, 12);
  return `${stem}-${digest}.${extension}`;
};

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

const built = await build({
  absWorkingDir: here,
  entryPoints: ["src/desk.css", "src/desk.js", "src/theme.js", "src/board.js", "src/alert.js", "src/linked.js", "src/map.css", "src/map.js"],
  bundle: true,
  minify: true,
  target: "esnext",
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file", ".svg": "file", ".jpg": "empty" },
  metafile: true,
  outdir: out,
  plugins: [designSystem],
  logLevel: "warning",
});

const manifest = {};
for (const [path, { entryPoint }] of Object.entries(built.metafile.outputs)) {
  if (entryPoint) manifest[basename(entryPoint)] = basename(path);
}

// htmx and its stream of events go as their authors built them, in one file.
const parts = ["htmx.min.js", "ext/hx-sse.min.js"].map((part) =>
  readFile(join(packages, "htmx.org/dist", part), "utf8"),
);
const htmx = (await Promise.all(parts))
  .map((part) => part.replace(/^\/\/# sourceMappingURL.*$/m, ""))
  .join(";\n");
manifest["htmx.js"] = hashed("htmx.js", htmx);
await writeFile(join(out, manifest["htmx.js"]), htmx);

// The worker of the map comes as a file of its own: no page may make one from text.
const worker = (
  await readFile(join(packages, "maplibre-gl/dist/maplibre-gl-worker.mjs"), "utf8")
).replace(/^\/\/# sourceMappingURL.*$/m, "");
manifest["map-worker.js"] = hashed("map-worker.js", worker);
await writeFile(join(out, manifest["map-worker.js"]), worker);

const mark = await readFile(join(here, "src/mark.svg"));
manifest["mark.svg"] = hashed("mark.svg", mark);
await writeFile(join(out, manifest["mark.svg"]), mark);

await writeFile(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
console.log(`${(await readdir(out)).length} files in ${out}`);
