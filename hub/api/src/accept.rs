//! Which of the offered media types a client wants, from its Accept header (RFC 9110, with q-values).

use axum::http::{HeaderMap, header};

/// The offered type that the client wants most; the first one when it does not care or nothing fits.
pub fn choose<'a>(headers: &HeaderMap, offered: &[&'a str]) -> &'a str {
    let mut accept = String::new();
    for value in headers.get_all(header::ACCEPT) {
        accept.push_str(value.to_str().unwrap_or_default());
        accept.push(',');
    }
    let mut best = (offered[0], 0.0);
    for media_type in offered {
        let wanted = weight(&accept, media_type);
        if wanted > best.1 {
            best = (media_type, wanted);
        }
    }
    best.0
}

/// How much a type is wanted, 0 to 1; the most specific range decides.
fn weight(accept: &str, media_type: &str) -> f64 {
    let (main, _) = media_type.split_once('/').unwrap_or((media_type, ""));
    let mut best = (0, 0.0);
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let specificity = match name.split_once('/') {
            Some(("*", "*")) => 1,
            Some((range_main, "*")) if range_main == main => 2,
            Some(_) if name == media_type => 3,
            _ => continue,
        };
        let q = parts
            .find_map(|parameter| parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q=")))
            .map_or(1.0, |q| q.trim().parse::<f64>().unwrap_or(0.0).clamp(0.0, 1.0));
        if specificity > best.0 {
            best = (specificity, q);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERED: [&str; 2] = ["application/json", "text/csv"];

    #[test]
    fn the_client_gets_what_it_wants_most() {
        let cases = [
            ("", "application/json"),
            ("*/*", "application/json"),
            ("text/csv", "text/csv"),
            ("TEXT/CSV; charset=utf-8", "text/csv"),
            ("text/*", "text/csv"),
            ("text/csv;q=0.5, application/json", "application/json"),
            ("text/csv, application/json;q=0.9", "text/csv"),
            ("text/csv;q=0, */*", "application/json"),
            ("application/json;q=0.1, text/*;q=0.2, text/csv;q=0.05", "application/json"),
            ("image/png", "application/json"),
            ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ];
        for (accept, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(choose(&headers, &OFFERED), expected, "{accept}");
        }
        assert_eq!(choose(&HeaderMap::new(), &OFFERED), "application/json");
    }
}
