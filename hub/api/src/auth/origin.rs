//! Whether a page of another site has made a browser send a request. Pure.

use axum::http::{HeaderMap, header};

/// True when the browser names an origin that is neither the host that was asked nor the hub's public address.
///
/// Programs name none; what they send carries no cookie by itself.
pub(crate) fn is_cross_site(headers: &HeaderMap, public_url: Option<&str>) -> bool {
    if headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
        return true;
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let Some((_, authority)) = origin.to_str().ok().and_then(|text| text.split_once("://")) else {
        return true;
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let public = public_url.and_then(|url| url.split_once("://")).map(|(_, rest)| {
        // The address may name a path, an origin never does.
        rest.split('/').next().unwrap_or_default()
    });
    ![host, public].into_iter().flatten().any(|ours| ours.eq_ignore_ascii_case(authority))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_pass() {
        let public = Some("https://xa.example.vn/hub");
        for (origin, host, public, expected) in [
            ("", "192.168.1.5:8080", None, false),
            ("http://192.168.1.5:8080", "192.168.1.5:8080", None, false),
            ("http://192.168.1.5:9999", "192.168.1.5:8080", None, true),
            ("https://xa.example.vn", "127.0.0.1:8080", public, false),
            ("https://evil.example", "127.0.0.1:8080", public, true),
            ("https://xa.example.vn.evil.example", "127.0.0.1:8080", public, true),
            ("null", "127.0.0.1:8080", public, true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            if !origin.is_empty() {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            assert_eq!(is_cross_site(&headers, public), expected, "{origin} to {host}");
        }
    }

    #[test]
    fn a_browser_that_says_cross_site_is_believed() {
        let mut headers = HeaderMap::new();
        headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
        assert!(is_cross_site(&headers, None));
        headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
        assert!(!is_cross_site(&headers, None));
    }
}
