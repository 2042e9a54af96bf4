//! Section `[map]`: the commune's outline from a GeoJSON file, and where tiles come from. Asks no server.

use adapters_sdk::config::{Problems, Table, unusable};
use hub_api::{Surroundings, Tiles};
use hub_model::{LocalText, local};
use serde_json::Value;

use super::files::{Files, unreadable};

/// An outline needs no more; beyond, a phone would draw for long.
const MAX_POSITIONS: usize = 20_000;
/// What a GeoJSON file may hold for an outline.
fn allowed_kinds() -> LocalText {
    local!(
        "được phép: Polygon, MultiPolygon, LineString, MultiLineString, hoặc Feature hay FeatureCollection gồm các loại đó",
        "allowed: Polygon, MultiPolygon, LineString, MultiLineString, or a Feature or FeatureCollection of them"
    )
}

/// Reads the section; without it the map is a plain grid.
pub(super) fn read(root: &mut Table, files: &Files, problems: &mut Problems) -> Surroundings {
    let Some(mut table) = root.table("map", problems) else { return Surroundings::default() };
    let outline = table.parsed("outline", problems, |name| outline(files, name)).unwrap_or_default();
    let has_tiles = table.has("tiles");
    let lonely = table.fault(
        "attribution",
        local!("chỉ dùng cho tiles, mà chưa ghi tiles", "is only for tiles, and none are given"),
    );
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
fn tiles(text: &str) -> Result<(String, String), LocalText> {
    let example = "\"https://tiles.example.vn/{z}/{x}/{y}.png\"";
    let refused = |LocalText { vi, en }: LocalText| {
        Err(local!(
            "có \"{text}\"{vi}, được phép: địa chỉ như {example}",
            "found \"{text}\"{en}, allowed: an address such as {example}"
        ))
    };
    let Some((scheme, rest)) =
        text.split_once("://").filter(|(scheme, _)| matches!(*scheme, "https" | "http"))
    else {
        return refused(LocalText::default());
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if host.contains('@') {
        // What was found may hold a password, which would reach every browser.
        return Err(local!(
            "có địa chỉ kèm tên đăng nhập, được phép: địa chỉ như {example}",
            "found one with a login, allowed: an address such as {example}"
        ));
    }
    let is_host = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    if host.is_empty() || !host.chars().all(is_host) {
        return refused(local!(", tên máy không hợp lệ", ", whose host is none"));
    }
    if let Some(missing) = ["{z}", "{x}", "{y}"].into_iter().find(|part| !path.contains(part)) {
        return refused(local!(" thiếu {missing}", " without {missing}"));
    }
    if path.chars().any(|c| c.is_whitespace() || c.is_control() || "\"'<>;,".contains(c)) {
        return refused(local!(
            ", có ký tự không thể có trong địa chỉ",
            ", which holds a character that no address has"
        ));
    }
    Ok((text.to_owned(), format!("{scheme}://{host}")))
}

fn outline(files: &Files, name: &str) -> Result<Vec<Vec<[f64; 2]>>, LocalText> {
    let text = files.text(name).map_err(|error| unusable(name, &unreadable(&error)))?;
    let json: Value = serde_json::from_str(&text).map_err(|error| {
        local!(
            "có \"{name}\", tệp này không phải JSON ({error}); được phép: tệp GeoJSON",
            "found \"{name}\", which is no JSON: {error}; allowed: a GeoJSON file"
        )
    })?;
    let mut lines = Vec::new();
    gather(&json, &mut lines)
        .map_err(|LocalText { vi, en }| local!("có \"{name}\", {vi}", "found \"{name}\", {en}"))?;
    let positions: usize = lines.iter().map(Vec::len).sum();
    if positions == 0 {
        let LocalText { vi, en } = allowed_kinds();
        return Err(local!(
            "có \"{name}\", trong đó không có đường nào; {vi}",
            "found \"{name}\", in which there is no line; {en}"
        ));
    }
    if positions > MAX_POSITIONS {
        return Err(local!(
            "có \"{name}\" gồm {positions} tọa độ, được phép: nhiều nhất {MAX_POSITIONS}; hãy đơn giản hóa đường nét",
            "found \"{name}\" with {positions} positions, allowed: at most {MAX_POSITIONS}; simplify it"
        ));
    }
    Ok(lines)
}

fn gather(json: &Value, lines: &mut Vec<Vec<[f64; 2]>>) -> Result<(), LocalText> {
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
        Some(kind) => {
            let LocalText { vi, en } = allowed_kinds();
            Err(local!("trong đó có {kind}; {vi}", "in which there is a {kind}; {en}"))
        }
        None => {
            let LocalText { vi, en } = allowed_kinds();
            Err(local!("trong đó có phần không ghi type; {vi}", "in which something has no type; {en}"))
        }
    }
}

fn line(coordinates: Option<&Value>, lines: &mut Vec<Vec<[f64; 2]>>) -> Result<(), LocalText> {
    let positions = coordinates.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let read: Result<Vec<_>, LocalText> = positions.iter().map(position).collect();
    lines.push(read?);
    Ok(())
}

fn position(json: &Value) -> Result<[f64; 2], LocalText> {
    let part = |index: usize| json.get(index).and_then(Value::as_f64);
    match (part(0), part(1)) {
        (Some(lon), Some(lat)) if lon.abs() <= 180.0 && lat.abs() <= 90.0 => Ok([lon, lat]),
        // National grids count metres.
        (Some(lon), Some(lat)) => Err(local!(
            "trong đó có tọa độ {lon}, {lat}; được phép: độ theo WGS 84, kinh độ trước; hãy chuyển đổi tệp",
            "in which there is a position {lon}, {lat}; allowed: degrees of WGS 84, longitude first; convert the file"
        )),
        _ => Err(local!(
            "trong đó có tọa độ không phải một cặp số",
            "in which a position is no pair of numbers"
        )),
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
        let fault =
            |json: &str| gather(&serde_json::from_str(json).unwrap(), &mut Vec::new()).unwrap_err().en;
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
            assert!(tiles(text).unwrap_err().en.contains(says), "{text}");
        }
        assert!(!tiles("https://u:secret@x.vn/{z}/{x}/{y}").unwrap_err().en.contains("secret"));
    }
}
