// The sites on a map: each with shape and word of how it is, within the commune's outline. Leaflet comes with this page only;
// without configured tiles a plain grid of degrees stands behind the marks, and nothing is asked of another server.
import L from "leaflet";
import "leaflet/dist/leaflet.css";
import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { getMap } from "../../api/calls";
import type { MapGround, Site } from "../../api/types";
import { lang, local, t } from "../../i18n";
import { useTitle } from "../../lib/title";
import { useResource } from "../../lib/resource";
import { navigate, query } from "../../lib/router";
import { summaryLine } from "../../state/site";
import { store } from "../../state/store";
import { Help } from "../../ui/Help";
import { kindText } from "../../ui/SiteCard";
import { Empty, Loading } from "../../ui/States";
import { SHAPES, StatusMark } from "../../ui/StatusMark";
import "./Map.css";

/** Far enough out that a commune of one site is not a single stone. */
const CLOSEST_ZOOM = 15;
const PADDING_PX = 48;
/** Degrees between two lines of the grid, by how near one looks. */
const GRID = [5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
const LINES = 8;
/** A site that one came for is looked at from so near. */
const NEAR_ZOOM = 16;
/** Without it the sites stand on a plain grid all the same. */
const NO_GROUND: MapGround = { outline: [], tiles: null };

export default function MapPage() {
  useTitle(t("map.title"));
  const sites = store.sites.value;
  const placed = (sites ?? []).filter((site) => site.location !== null);
  const [found] = useResource("map", () => getMap().catch(() => NO_GROUND));
  const ground = found.value.data;
  return (
    <>
      <div>
        <h1>{t("map.title")}</h1>
        <Help text={t("map.help")} />
      </div>
      {sites === null || ground === null ? (
        <Loading rows={1} height={420} />
      ) : sites.length === 0 ? (
        <Empty title={t("sites.none")} hint={t("sites.noneHint")} />
      ) : placed.length === 0 ? (
        <Empty title={t("map.none")} />
      ) : (
        <Chart sites={placed} ground={ground} />
      )}
      {sites !== null && sites.length > 0 && (
        <ul class="panel map-list" aria-label={t("nav.sites")}>
          {sites.map((site) => (
            <li key={site.id}>
              <a href={`/sites/${encodeURIComponent(site.id)}`}>{local(site.name)}</a> <StatusMark status={summaryLine(site).status} word={summaryLine(site).text} />
              {site.location === null && <span class="small muted">{t("map.unplaced")}</span>}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Chart({ sites, ground }: { sites: readonly Site[]; ground: MapGround }) {
  const host = useRef<HTMLDivElement>(null);
  const language = lang.value;
  const key = sites.map((site) => site.id).join(" ");
  useEffect(() => {
    if (host.current === null) return;
    const map = L.map(host.current, { attributionControl: ground.tiles !== null, zoomControl: false, zoomSnap: 0.5, maxZoom: 19, minZoom: 5 });
    L.control.zoom({ zoomInTitle: t("trends.zoomIn"), zoomOutTitle: t("trends.zoomOut") }).addTo(map);
    const places = sites.flatMap((site) => (site.location === null ? [] : [{ site, at: L.latLng(site.location.lat, site.location.lon) }]));
    const outline = ground.outline.flat().map(([lon, lat]) => L.latLng(lat ?? 0, lon ?? 0));
    map.fitBounds(L.latLngBounds([...places.map(({ at }) => at), ...outline]), { maxZoom: CLOSEST_ZOOM, padding: [PADDING_PX, PADDING_PX], animate: false });
    const wanted = places.find(({ site }) => site.id === query.peek().get("site"));
    if (wanted !== undefined) map.setView(wanted.at, NEAR_ZOOM, { animate: false });
    drawGround(map, ground);
    const markers = places.map(({ site, at }) => {
      const marker = L.marker(at, { icon: iconOf(site), keyboard: true, riseOnHover: true, zIndexOffset: summaryLine(site).status === "well" ? 0 : 1_000, alt: local(site.name), title: local(site.name) }).addTo(map);
      marker.on("click keypress", (event) => {
        const key = (event as unknown as { originalEvent?: KeyboardEvent }).originalEvent?.key;
        if (key === undefined || key === "Enter") navigate(`/sites/${encodeURIComponent(site.id)}`);
      });
      return { site, marker };
    });
    // A state that changes while one looks changes its mark, and what it leaves room for.
    const stop = effect(() => {
      for (const { site, marker } of markers) marker.setIcon(iconOf(site));
      makeRoom(markers);
    });
    map.on("zoomend", () => makeRoom(markers));
    return () => {
      stop();
      map.remove();
    };
  }, [key, language, ground]);
  return <div ref={host} class="map panel" role="region" aria-label={t("map.label")} />;
}

/** From the most urgent status to none. */
const URGENCY: readonly string[] = ["critical", "high", "medium", "low"];
const urgencyOf = (site: Site) => (URGENCY.indexOf(summaryLine(site).status) + URGENCY.length + 1) % (URGENCY.length + 1);

/** Where words would cover those of a more urgent site, the shape stands alone; the words come when one points at it. */
function makeRoom(markers: readonly { site: Site; marker: L.Marker }[]): void {
  const taken: DOMRect[] = [];
  for (const { marker } of [...markers].sort((a, b) => urgencyOf(a.site) - urgencyOf(b.site))) {
    const mark = marker.getElement()?.querySelector(".map-mark");
    if (mark == null) continue;
    mark.classList.remove("map-folded");
    const rect = mark.getBoundingClientRect();
    const isCovered = taken.some((other) => rect.left < other.right && other.left < rect.right && rect.top < other.bottom && other.top < rect.bottom);
    mark.classList.toggle("map-folded", isCovered);
    taken.push(isCovered ? mark.getBoundingClientRect() : rect);
  }
}

/** Shape, name and word of a site. Built from elements, so that a name is text whatever it holds. */
function iconOf(site: Site): L.DivIcon {
  const line = summaryLine(site);
  const content = document.createElement("div");
  content.className = `map-mark mark-${line.status}`;
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  shape.setAttribute("viewBox", "0 0 16 16");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[line.status]);
  shape.append(path);
  const text = document.createElement("span");
  text.className = "map-name";
  text.textContent = local(site.name);
  const word = document.createElement("span");
  word.className = "map-word";
  word.textContent = line.status === "well" ? kindText(site.kind) : line.text;
  content.append(shape, text, word);
  return L.divIcon({ html: content, className: "map-icon", iconSize: [44, 44], iconAnchor: [22, 22] });
}

/** Tiles, or a grid where there are none; and the commune's outline over either. */
function drawGround(map: L.Map, { outline, tiles }: MapGround): void {
  if (tiles !== null) {
    // The text of the configuration, never markup of whoever wrote it.
    const attribution = document.createElement("span");
    attribution.textContent = tiles.attribution ?? "";
    map.attributionControl.setPrefix(false);
    L.tileLayer(tiles.url, { attribution: attribution.innerHTML, maxZoom: 19 }).addTo(map);
  } else {
    const grid = L.layerGroup().addTo(map);
    const redraw = () => drawGrid(map, grid);
    map.on("moveend", redraw);
    redraw();
  }
  const colour = getComputedStyle(map.getContainer()).getPropertyValue("--edge").trim();
  for (const line of outline) {
    L.polyline(line.map(([lon, lat]) => [lat ?? 0, lon ?? 0] as L.LatLngTuple), { color: colour, weight: 2, interactive: false, className: "map-outline" }).addTo(map);
  }
}

/** Lines of round degrees over what is seen. */
function drawGrid(map: L.Map, grid: L.LayerGroup): void {
  grid.clearLayers();
  const seen = map.getBounds();
  const step = GRID.find((each) => (seen.getEast() - seen.getWest()) / each >= LINES) ?? 0.001;
  const colour = getComputedStyle(map.getContainer()).getPropertyValue("--line").trim();
  const line = (ends: L.LatLngTuple[]) => L.polyline(ends, { color: colour, weight: 1, interactive: false }).addTo(grid);
  const from = (value: number) => Math.floor(value / step) * step;
  for (let lon = from(seen.getWest()); lon <= seen.getEast(); lon += step) line([[seen.getSouth(), lon], [seen.getNorth(), lon]]);
  for (let lat = from(seen.getSouth()); lat <= seen.getNorth(); lat += step) line([[lat, seen.getWest()], [lat, seen.getEast()]]);
}
