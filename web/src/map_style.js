// How the street map is painted, over the layers of the Protomaps basemap. Colours come
// from map.css; letters are drawn by the browser in the desk's own face.

const NAMES = ["earth", "park", "built", "building", "water", "road", "edge", "highway", "text", "halo"];

/** The colours that are in force for an element, by short name. */
export function palette(element) {
  const all = getComputedStyle(element);
  return Object.fromEntries(NAMES.map((name) => [name, all.getPropertyValue(`--co-map-${name}`)]));
}

const kind = (...kinds) => ["match", ["get", "kind"], kinds, true, false];
const grows = (...stops) => ["interpolate", ["exponential", 1.6], ["zoom"], ...stops];

const HIGHWAY = kind("highway");
const MAJOR = kind("major_road");
const MINOR = kind("minor_road", "other");
const WIDTHS = [
  ["minor", MINOR, grows(12, 0.5, 15, 3, 18, 14)],
  ["major", MAJOR, grows(8, 0.5, 12, 2, 15, 6, 18, 22)],
  ["highway", HIGHWAY, grows(6, 0.75, 12, 3, 15, 8, 18, 26)],
];

function roads(colours) {
  const line = (id, filter, width, colour) => ({
    id, filter, source: "streets", "source-layer": "roads", type: "line",
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": colour, "line-width": width },
  });
  const edges = WIDTHS.map(([id, filter, width]) => {
    const edge = line(`${id}-edge`, filter, 1, colours.edge);
    edge.paint["line-gap-width"] = width;
    return edge;
  });
  return [
    ...edges,
    line("path", kind("path"), 1, colours.edge),
    line("rail", kind("rail"), 1.5, colours.edge),
    ...WIDTHS.map(([id, filter, width]) =>
      line(id, filter, width, id === "highway" ? colours.highway : colours.road)),
  ];
}

function letters(colours) {
  const text = (id, layer, filter, layout) => ({
    id, filter, source: "streets", "source-layer": layer, type: "symbol",
    layout: { "text-field": ["get", "name"], "text-font": ["Public Sans"], ...layout },
    paint: { "text-color": colours.text, "text-halo-color": colours.halo, "text-halo-width": 1.5 },
  });
  const along = { "symbol-placement": "line", "text-size": 11 };
  return [
    { ...text("minor-name", "roads", MINOR, along), minzoom: 14 },
    { ...text("major-name", "roads", ["any", MAJOR, HIGHWAY], { ...along, "text-size": 12 }), minzoom: 11 },
    text("water-name", "water", ["has", "name"], { "text-size": 11, "text-max-width": 6 }),
    text("place-name", "places", ["has", "name"],
      { "text-size": ["match", ["get", "kind"], ["neighbourhood", "macrohood"], 11, 14], "text-max-width": 7 }),
  ];
}

/** A style of MapLibre. `streets`: address of the file; empty paints the ground alone. */
export function style(colours, streets) {
  const ground = { id: "ground", type: "background", paint: { "background-color": colours.earth } };
  const base = { version: 8, sources: {}, layers: [ground] };
  if (!streets) return base;
  const area = (id, layer, colour, filter) => ({
    id, source: "streets", "source-layer": layer, type: "fill", paint: { "fill-color": colour },
    filter: ["all", ["==", ["geometry-type"], "Polygon"], filter ?? true],
  });
  base.sources.streets = { type: "vector", url: `pmtiles://${new URL(streets, location.href)}` };
  base.layers.push(
    area("earth", "earth", colours.earth),
    area("built", "landuse", colours.built,
      kind("residential", "commercial", "industrial", "school", "university", "college", "hospital")),
    area("park", "landuse", colours.park,
      kind("park", "wood", "forest", "grass", "grassland", "nature_reserve", "cemetery", "golf_course", "recreation_ground", "pitch", "playground", "garden", "meadow", "farmland")),
    area("water", "water", colours.water),
    { id: "stream", source: "streets", "source-layer": "water", type: "line",
      filter: ["==", ["geometry-type"], "LineString"],
      paint: { "line-color": colours.water, "line-width": grows(11, 0.5, 16, 4) } },
    { ...area("building", "buildings", colours.building), minzoom: 14 },
    ...roads(colours),
    ...letters(colours),
  );
  return base;
}
