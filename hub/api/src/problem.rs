//! What the API says when it cannot do what was asked: problem documents after RFC 9457.
//!
//! A problem never carries a secret, a path of the machine or an inner error's text. The public JSON is in
//! [`crate::wire::Problem`]; what turns plain error answers of inner layers into problems is in [`crate::guard`].

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use hub_model::{LocalText, local};

use crate::auth::Role;
use crate::wire;

/// Media type of problem documents.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Most entries that one problem lists; its detail says when there are more.
pub const MAX_ERRORS: usize = 50;

/// An answer that says what is wrong, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    // Problems are the errors of most functions here: a large one would be paid for where all goes well.
    detail: Box<LocalText>,
    errors: Vec<FieldError>,
    retry_after_s: Option<u64>,
}

/// One thing that is wrong in what was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldError {
    /// Where: a parameter's name or a place in the body, such as `readings[3].point`.
    pub at: String,
    /// What was found and what is allowed.
    pub detail: LocalText,
}

/// What is said with the place before it.
fn at_place(place: &str, LocalText { vi, en }: &LocalText) -> LocalText {
    local!("{place}: {vi}", "{place}: {en}")
}

/// A fault of a text at one of its lines, from 1.
pub(crate) fn at_line(line: usize, LocalText { vi, en }: &LocalText) -> LocalText {
    local!("dòng {line}: {vi}", "line {line}: {en}")
}

/// What is said of a text that is longer than `most` bytes.
pub(crate) fn too_long(text: &str, most: usize) -> LocalText {
    let bytes = text.len();
    local!("dài {bytes} byte, được phép: {most}", "{bytes} bytes long, allowed: {most}")
}

/// Whoever changed a file without saying who they are.
pub(crate) fn somebody() -> LocalText {
    local!("Người có quyền vào các tệp", "Somebody with access to the files")
}

impl FieldError {
    /// An error at a place.
    pub fn new(at: impl Into<String>, detail: impl Into<LocalText>) -> Self {
        Self { at: at.into(), detail: detail.into() }
    }
}

impl Problem {
    /// As it stands in an event of a stream.
    pub(crate) fn json(self) -> String {
        serde_json::to_string(&self.body()).unwrap_or_default()
    }

    fn body(&self) -> wire::Problem {
        let errors = self.errors.iter().cloned();
        wire::Problem {
            kind: format!("urn:commune-hub:problem:{}", self.code),
            title: self.title.to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.en.clone(),
            detail_vi: self.detail.vi.clone(),
            errors: errors
                .map(|FieldError { at, detail: LocalText { vi, en } }| wire::ProblemError {
                    at,
                    detail: en,
                    detail_vi: vi,
                })
                .collect(),
        }
    }

    fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<LocalText>,
    ) -> Self {
        Self { status, code, title, detail: Box::new(detail.into()), errors: Vec::new(), retry_after_s: None }
    }

    /// 403: a link in a message that was sent to somebody else.
    pub fn link_of_another(name: &str) -> Self {
        let detail = local!(
            "Liên kết này đã gửi cho {name}. Hãy nhận biết cảnh báo trên trang của chính cảnh báo đó.",
            "The link was sent to {name}. Acknowledge the alarm on its own page."
        );
        Self::new(StatusCode::FORBIDDEN, "link-of-another", "A link of somebody else", detail)
    }

    /// 410: a link in a message that counts no more.
    pub fn link_over(detail: LocalText) -> Self {
        Self::new(StatusCode::GONE, "link-over", "The link counts no more", detail)
    }

    /// 400: one thing in the request is wrong, `at` says where.
    pub fn invalid(at: impl Into<String>, detail: impl Into<LocalText>) -> Self {
        Self::invalid_all(vec![FieldError::new(at, detail)])
    }

    /// 400: all that is wrong in the request. The first [`MAX_ERRORS`] are listed.
    pub fn invalid_all(mut errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] => at_place(&only.at, &only.detail),
            several if several.len() > MAX_ERRORS => local!(
                "Hơn {MAX_ERRORS} lỗi, chỉ nêu những lỗi đầu; chưa nhận gì.",
                "More than {MAX_ERRORS} errors, the first of them are listed; nothing was taken."
            ),
            several => {
                let count = several.len();
                local!("{count} lỗi; chưa nhận gì.", "{count} errors; nothing was taken.")
            }
        };
        errors.truncate(MAX_ERRORS);
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "invalid", "The request is not valid", detail);
        problem.errors = errors;
        problem
    }

    /// 401: no valid session or token.
    pub fn unauthenticated() -> Self {
        let detail = local!("Hãy đăng nhập.", "Log in, or send a valid token as Authorization: Bearer.");
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Not logged in", detail)
    }

    /// 401: the login failed. Always the same text, whichever part was wrong.
    pub fn login_failed() -> Self {
        let detail = local!("Sai tên đăng nhập hoặc mật khẩu.", "The username or the password is wrong.");
        Self::new(StatusCode::UNAUTHORIZED, "login-failed", "Login failed", detail)
    }

    /// 403: the role is too low.
    pub fn role_too_low(needed: Role, found: Role) -> Self {
        let (needed_vi, found_vi) = (needed.vietnamese(), found.vietnamese());
        let detail = local!(
            "Việc này cần vai trò {needed_vi} trở lên; tài khoản này có vai trò {found_vi}.",
            "This needs the role {needed} or higher; this account has the role {found}."
        );
        Self::new(StatusCode::FORBIDDEN, "role-too-low", "Not allowed", detail)
    }

    /// 403: a request that another site's page has made.
    pub fn cross_site() -> Self {
        let detail = local!(
            "Yêu cầu đến từ trang web có địa chỉ khác với địa chỉ của máy chủ này (tiêu đề Origin).",
            "The Origin header does not match this hub's address."
        );
        Self::new(StatusCode::FORBIDDEN, "cross-site", "Request from another site refused", detail)
    }

    /// 404: nothing has this id.
    pub fn not_found(at: impl Into<String>, detail: impl Into<LocalText>) -> Self {
        let error = FieldError::new(at, detail);
        let text = at_place(&error.at, &error.detail);
        let mut problem = Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", text);
        problem.errors = vec![error];
        problem
    }

    /// 409: the thing is in a state that does not allow it.
    pub fn conflict(detail: impl Into<LocalText>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "Not possible in this state", detail)
    }

    /// 415: the body is not JSON, or does not say that it is.
    pub fn not_json() -> Self {
        let detail = local!(
            "Hãy gửi nội dung dạng JSON, kèm Content-Type: application/json.",
            "Send the body as JSON with Content-Type: application/json."
        );
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Not JSON", detail)
    }

    /// 415: the body is compressed.
    pub fn encoded() -> Self {
        let detail = local!(
            "Hãy gửi nội dung nguyên dạng, không kèm Content-Encoding.",
            "Send the body as it is, without Content-Encoding."
        );
        let title = "Compressed bodies are not taken";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-encoding", title, detail)
    }

    /// 413: the body is too large, the detail says for what.
    pub fn too_large(detail: impl Into<LocalText>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload-too-large", "Body too large", detail)
    }

    /// 415: the body is compressed otherwise than by gzip.
    pub fn encoding_not_gzip() -> Self {
        let detail = local!(
            "Hãy gửi nội dung nguyên dạng, hoặc nén gzip kèm Content-Encoding: gzip.",
            "Send the body as it is, or with Content-Encoding: gzip."
        );
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-encoding", "Unknown compression", detail)
    }

    /// 415: the body does not say that it is SenML.
    pub fn not_senml() -> Self {
        let detail = local!(
            "Hãy gửi kèm Content-Type: application/senml+json hoặc application/senml+cbor.",
            "Send Content-Type: application/senml+json or application/senml+cbor."
        );
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Not SenML", detail)
    }

    /// 422: some of what was sent is committed, the rest is wrong.
    pub fn partly_refused(written: usize, refused: usize, errors: Vec<FieldError>) -> Self {
        let detail = local!(
            "Đã ghi {written} số đo, từ chối {refused} bản ghi.",
            "{written} readings were written, {refused} records were refused."
        );
        let title = "Some records were refused";
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "partly-refused", title, detail);
        problem.errors = errors;
        problem
    }

    /// Its HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What happened, in words.
    pub fn detail(&self) -> &str {
        &self.detail.en
    }

    /// 429: too many tries.
    pub fn too_many_tries(retry_after_s: u64) -> Self {
        let detail = local!(
            "Thử quá nhiều lần; hãy thử lại sau {retry_after_s} giây.",
            "Too many tries; try again in {retry_after_s} s."
        );
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-tries", "Too many tries", detail)
            .retry_after(retry_after_s)
    }

    /// 503: as many passwords are being checked as the hub can.
    pub fn too_many_logins() -> Self {
        Self::unavailable(local!(
            "Quá nhiều người đăng nhập cùng lúc; hãy thử lại sau giây lát.",
            "Too many logins at once; try again in a moment."
        ))
    }

    /// 503: a part of the hub is too busy or not ready; it may work later.
    pub fn unavailable(detail: impl Into<LocalText>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available now", detail).retry_after(5)
    }

    /// 500: the hub is at fault. The cause goes to the log, never to the client.
    pub fn internal() -> Self {
        Self::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The problem for a status that an inner layer has answered without saying more.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, title, detail) = match status {
            StatusCode::NOT_FOUND => (
                "not-found",
                "Not found",
                local!(
                    "Không có gì tại địa chỉ này.",
                    "There is nothing at this address. See /api/v1/openapi.json."
                ),
            ),
            StatusCode::METHOD_NOT_ALLOWED => (
                "method-not-allowed",
                "Method not allowed",
                local!("Địa chỉ này không nhận việc đó.", "The Allow header names what this address offers."),
            ),
            StatusCode::PAYLOAD_TOO_LARGE => (
                "payload-too-large",
                "Body too large",
                local!("Nội dung gửi được dài tối đa 1 MiB.", "The body may be at most 1 MiB."),
            ),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => return Self::not_json(),
            StatusCode::UNAUTHORIZED => return Self::unauthenticated(),
            StatusCode::REQUEST_TIMEOUT => (
                "timeout",
                "Too slow",
                local!(
                    "Yêu cầu không đến hoặc không được trả lời kịp.",
                    "The request did not arrive or was not answered in time."
                ),
            ),
            StatusCode::SERVICE_UNAVAILABLE => {
                return Self::unavailable(local!("Máy chủ đang quá bận.", "The hub is too busy."));
            }
            other if other.is_client_error() => (
                "invalid",
                "The request is not valid",
                local!("Máy chủ không hiểu yêu cầu.", "The request could not be understood."),
            ),
            _ => (
                "internal",
                "The hub is at fault",
                local!(
                    "Máy chủ gặp lỗi bên trong; nhật ký của máy chủ ghi rõ.",
                    "Something went wrong inside the hub; its log says what."
                ),
            ),
        };
        Self::new(status, code, title, detail)
    }

    /// Says when trying again makes sense.
    fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let itself = self.clone();
        let body = self.body();
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // For layers that say it otherwise, see `push::influx`.
        response.extensions_mut().insert(itself);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_its_status_and_when_to_come_back() {
        let response = Problem::too_many_tries(30).into_response();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()[header::RETRY_AFTER], "30");
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_JSON);
    }

    #[test]
    fn a_problem_is_told_in_both_languages_with_the_place_before_it() {
        let body = Problem::not_found("id", local!("không có cảnh báo 7", "no alarm 7")).body();
        assert_eq!((&*body.detail_vi, &*body.detail), ("id: không có cảnh báo 7", "id: no alarm 7"));
        assert_eq!(
            (&*body.errors[0].detail_vi, &*body.errors[0].detail),
            ("không có cảnh báo 7", "no alarm 7")
        );
        let body = Problem::role_too_low(Role::Officer, Role::Viewer).body();
        assert_eq!(
            body.detail_vi,
            "Việc này cần vai trò cán bộ môi trường trở lên; tài khoản này có vai trò người xem."
        );
        assert_eq!(body.detail, "This needs the role officer or higher; this account has the role viewer.");
    }

    #[test]
    fn long_lists_of_errors_are_cut_and_say_so() {
        let errors =
            (0..80).map(|n| FieldError::new(format!("readings[{n}]"), local!("sai", "wrong"))).collect();
        let problem = Problem::invalid_all(errors);
        assert_eq!(problem.errors.len(), MAX_ERRORS);
        assert!(problem.detail.en.starts_with("More than 50 errors"));
    }
}
