//! The gate before every call that is not public: finds the caller, and refuses what another site's page has made a
//! browser send with its cookie.
//!
//! What a caller may do is each route's matter, see [`super::caller`].

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;

use super::caller::{Caller, Credential, LONGEST};
use super::{digest, is_cross_site};
use crate::app::{App, SharedApp};
use crate::body::is_json;
use crate::problem::Problem;

/// The session's cookie.
pub(crate) const COOKIE: &str = "commune_session";
/// The cookie of a screen on the wall: a token of role viewer.
const DISPLAY_COOKIE: &str = "commune_display";
/// Browsers keep no cookie for longer than some 400 days; each visit renews it.
const DISPLAY_SECONDS: u64 = 400 * 24 * 3600;
/// Longest credential that is looked at, in bytes.
const MAX_CREDENTIAL_BYTES: usize = 256;

/// Lets a request through with its [`Caller`], or answers 401, 403 or 415.
pub(crate) async fn gate(
    State(app): State<SharedApp>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let caller = caller_of(&app, request.method(), request.headers()).await?;
    let caller = caller.ok_or_else(Problem::unauthenticated)?;
    if caller.session().is_some() {
        refuse_cross_site(&app, request.method(), request.headers())?;
    }
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// Who makes a request; `None` for somebody who is not logged in.
pub(crate) async fn caller_of(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Option<Caller>, Problem> {
    match credential(headers, method) {
        Some(credential) => Caller::find(app, credential).await,
        None => Ok(None),
    }
}

fn credential(headers: &HeaderMap, method: &Method) -> Option<Credential> {
    if let Some(authorization) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
        let token = token.trim();
        // InfluxDB's clients say Token.
        let is_token = ["bearer", "token"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        return (is_token && token.len() <= MAX_CREDENTIAL_BYTES).then(|| Credential::Token(digest(token)));
    }
    if let Some(id) = cookie(headers, COOKIE) {
        return Some(Credential::Session(digest(id)));
    }
    // A browser sends this one by itself as well, so it opens nothing but reading.
    cookie(headers, DISPLAY_COOKIE).filter(|_| method.is_safe()).map(|token| Credential::Token(digest(token)))
}

/// What a cookie of this name holds.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == wanted && value.len() <= MAX_CREDENTIAL_BYTES)
        .map(|(_, value)| value)
}

/// A browser sends the cookie by itself, so a call that changes something must show that our own page made it.
fn refuse_cross_site(app: &App, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if method.is_safe() {
        return Ok(());
    }
    if is_cross_site(headers, app.hub.public_url.as_deref()) {
        return Err(Problem::cross_site());
    }
    // A form of another site can POST but cannot say JSON; other methods need a permission that is never given.
    if *method == Method::POST && !is_json(headers) {
        return Err(Problem::not_json());
    }
    Ok(())
}

/// The header that hands a session to the browser.
pub(crate) fn session_cookie(app: &App, id: &str) -> Result<HeaderValue, Problem> {
    set_cookie(app, COOKIE, id, LONGEST.as_secs())
}

/// The header that takes the session from the browser.
pub(crate) fn expired_cookie(app: &App) -> Result<HeaderValue, Problem> {
    set_cookie(app, COOKIE, "", 0)
}

/// The header that lets a screen on the wall look, with a viewer's token, for as long as the token stands.
pub(crate) fn display_cookie(app: &App, token: &str) -> Result<HeaderValue, Problem> {
    set_cookie(app, DISPLAY_COOKIE, token, DISPLAY_SECONDS)
}

fn set_cookie(app: &App, name: &str, value: &str, max_age_s: u64) -> Result<HeaderValue, Problem> {
    let secure = if app.is_secure() { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).map_err(|_| Problem::internal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "theme=dark; other_commune_session=no".parse().unwrap());
        headers.append(header::COOKIE, "a=b;commune_session=abc".parse().unwrap());
        assert_eq!(cookie(&headers, COOKIE), Some("abc"));
        assert_eq!(cookie(&HeaderMap::new(), COOKIE), None);
    }

    #[test]
    fn only_bearer_tokens_are_taken_and_they_come_before_the_cookie() {
        let with = |authorization: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, "commune_session=abc".parse().unwrap());
            headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
            credential(&headers, &Method::GET)
        };
        assert!(matches!(with("Bearer ch_1"), Some(Credential::Token(found)) if found == digest("ch_1")));
        assert!(matches!(with("bearer  ch_1 "), Some(Credential::Token(found)) if found == digest("ch_1")));
        assert!(matches!(with("Token ch_1"), Some(Credential::Token(found)) if found == digest("ch_1")));
        assert!(with("Basic YTpi").is_none());
        assert!(with("Bearer").is_none());
        assert!(with(&format!("Bearer {}", "x".repeat(300))).is_none());
    }
}
