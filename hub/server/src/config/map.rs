//! Section `[map]`: the commune's outline from a GeoJSON file, and where tiles come from. Asks no server.

use adapters_sdk::config::{Problems, Table};
use hub_api::{Surroundings, Tiles};
use serde_json::Value;

use super::files::Files;

/// An outline needs no more; beyond, a phone would draw for long.
const MAX_POSITIONS: usize = 20_000;
/// What a GeoJSON file may hold for an outline.
const KINDS: &str =
    "Polygon, MultiPolygon, LineString, MultiLineString, or a Feature or FeatureCollection of them";

/// Reads the section; without it the map is a plain grid.
pub(super) fn read(root: &mut Table, files: &Files, problems: &mut Problems) -> Surroundings {
    let Some(mut table) = root.table("map", problems) else { return Surroundings::default() };
    let outline = table.parsed("outline", problems, |name| outline(files, name)).unwrap_or_default();
    let has_tiles = table.has("tiles");
    let lonely = table.fault("attribution", "is only for tiles, and none are given");
    let tiles = table.parsed("tiles", problems, tiles);
    let attribution = table.text("attribution", problems);
    if attribution.is_some() && !has_tiles {
        problems.error(lonely);
    }
    table.finish(problems);
    let tiles = tiles.map(|(url, origin)| Tiles { url, origin, attribution });
    Surroundings { outline, tiles, ..Surroundings::default() }
}

/// The address and its origin.
fn tiles(text: &str) -> Result<(String, String), String> {
    let allowed = "allowed: an address such as \"https://tiles.example.vn/{z}/{x}/{y}.png\"";
    let refused = |why: &str| Err(format!("found \"{text}\"{why}, {allowed}"));
    let Some((scheme, rest)) =
        text.split_once("://").filter(|(scheme, _)| matches!(*scheme, "https" | "http"))
    else {
        return refused("");
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if host.contains('@') {
        // What was found may hold a password, which would reach every browser.
        return Err(format!("found one with a login, {allowed}"));
    }
    let is_host = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    if host.is_empty() || !host.chars().all(is_host) {
        return refused(", whose host is none");
    }
    if let Some(missing) = ["{z}", "{x}", "{y}"].into_iter().find(|part| !path.contains(part)) {
        return refused(&format!(" without {missing}"));
    }
    if path.chars().any(|c| c.is_whitespace() || c.is_control() || "\"'<>;,".contains(c)) {
        return refused(", which holds a character that no address has");
    }
    Ok((text.to_owned(), format!("{scheme}://{host}")))
}

fn outline(files: &Files, name: &str) -> Result<Vec<Vec<[f64; 2]>>, String> {
    let text =
        files.text(name).map_err(|error| format!("found \"{name}\", which cannot be read: {error}"))?;
    let json: Value = serde_json::from_str(&text)
        .map_err(|error| format!("found \"{name}\", which is no JSON: {error}; allowed: a GeoJSON file"))?;
    let mut lines = Vec::new();
    gather(&json, &mut lines).map_err(|why| format!("found \"{name}\", {why}"))?;
    let positions: usize = lines.iter().map(Vec::len).sum();
    if positions == 0 {
        return Err(format!("found \"{name}\", in which there is no line; allowed: {KINDS}"));
    }
    if positions > MAX_POSITIONS {
        return Err(format!(
            "found \"{name}\" with {positions} positions, allowed: at most {MAX_POSITIONS}; simplify it"
        ));
    }
    Ok(lines)
}

fn gather(json: &Value, lines: &mut Vec<Vec<[f64; 2]>>) -> Result<(), String> {
    let list = |key: &str| json.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    match json.get("type").and_then(Value::as_str) {
        Some("FeatureCollection") => list("features").iter().try_for_each(|feature| gather(feature, lines)),
        Some("Feature") => json.get("geometry").map_or(Ok(()), |geometry| gather(geometry, lines)),
        Some("GeometryCollection") => {
            list("geometries").iter().try_for_each(|geometry| gather(geometry, lines))
        }
        Some("LineString") => line(json.get("coordinates"), lines),
        Some("Polygon" | "MultiLineString") => {
            list("coordinates").iter().try_for_each(|each| line(Some(each), lines))
        }
        Some("MultiPolygon") => list("coordinates").iter().try_for_each(|polygon| {
            let rings = polygon.as_array().map_or(&[][..], Vec::as_slice);
            rings.iter().try_for_each(|ring| line(Some(ring), lines))
        }),
        Some(kind) => Err(format!("in which there is a {kind}; allowed: {KINDS}")),
        None => Err(format!("in which something has no type; allowed: {KINDS}")),
    }
}

fn line(coordinates: Option<&Value>, lines: &mut Vec<Vec<[f64; 2]>>) -> Result<(), String> {
    let positions = coordinates.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let read: Result<Vec<_>, String> = positions.iter().map(position).collect();
    lines.push(read?);
    Ok(())
}

fn position(json: &Value) -> Result<[f64; 2], String> {
    let part = |index: usize| json.get(index).and_then(Value::as_f64);
    match (part(0), part(1)) {
        (Some(lon), Some(lat)) if lon.abs() <= 180.0 && lat.abs() <= 90.0 => Ok([lon, lat]),
        // National grids count metres.
        (Some(lon), Some(lat)) => Err(format!(
            "in which there is a position {lon}, {lat}; allowed: degrees of WGS 84, longitude first; convert the file"
        )),
        _ => Err("in which a position is no pair of numbers".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_is_gathered_from_every_form() {
        let ring = "[[105.5,21.2],[105.6,21.2],[105.6,21.3],[105.5,21.2]]";
        for (json, expected) in [
            (format!(r#"{{"type":"Polygon","coordinates":[{ring}]}}"#), 1),
            (format!(r#"{{"type":"MultiPolygon","coordinates":[[{ring}],[{ring},{ring}]]}}"#), 3),
            (format!(r#"{{"type":"LineString","coordinates":{ring}}}"#), 1),
            (
                format!(
                    r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{}},
                    "geometry":{{"type":"Polygon","coordinates":[{ring}]}}}}]}}"#
                ),
                1,
            ),
        ] {
            let mut lines = Vec::new();
            gather(&serde_json::from_str(&json).unwrap(), &mut lines).unwrap();
            assert_eq!((lines.len(), lines[0].len(), lines[0][0]), (expected, 4, [105.5, 21.2]), "{json}");
        }
    }

    #[test]
    fn metres_and_points_are_told_apart_from_an_outline() {
        let fault = |json: &str| gather(&serde_json::from_str(json).unwrap(), &mut Vec::new()).unwrap_err();
        assert!(
            fault(r#"{"type":"LineString","coordinates":[[587000,2349000]]}"#).contains("degrees of WGS 84")
        );
        assert!(fault(r#"{"type":"Point","coordinates":[105,21]}"#).contains("there is a Point"));
        assert!(fault(r#"{"type":"Polygon","coordinates":[[["a",1]]]}"#).contains("no pair of numbers"));
        assert!(fault("{}").contains("has no type"));
    }

    #[test]
    fn tiles_open_one_origin() {
        let (_, origin) = tiles("https://tiles.example.vn:8443/v1/{z}/{x}/{y}.png").unwrap();
        assert_eq!(origin, "https://tiles.example.vn:8443");
        for (text, says) in [
            ("tiles.example.vn/{z}/{x}/{y}.png", "allowed: an address"),
            ("https://tiles.example.vn/{z}/{x}.png", "without {y}"),
            ("https://{s}.tiles.example.vn/{z}/{x}/{y}.png", "whose host is none"),
            ("https://a b/{z}/{x}/{y}", "whose host is none"),
            ("https://x.vn/{z}/{x}/{y}; script-src *", "a character"),
        ] {
            assert!(tiles(text).unwrap_err().contains(says), "{text}");
        }
        assert!(!tiles("https://u:secret@x.vn/{z}/{x}/{y}").unwrap_err().contains("secret"));
    }
}
