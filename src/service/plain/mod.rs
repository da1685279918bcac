//! The plain pages: the same decisions as the element's, for browsers that refuse WebAssembly or
//! scripts. HTML from the server, forms, and nothing that runs.
//!
//! They call what `/v1` calls, not `/v1`. The session is the element's, in a cookie that only these
//! pages get; every form that changes something carries a token bound to it.

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRequestParts, Request, State},
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use rules::{
    ChildId,
    contract::Permission,
    problem::{Problem, ProblemType},
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    api::{Api, failure::Failure},
    listing,
    session::{self, Session},
};

mod children;
mod erase;
mod fields;
mod holdings;
mod layout;
mod leave;
mod progress;
mod reading;
mod receipt;
mod recording;
mod recordings;
mod requests;
mod sign_in;
mod texts;
mod words;

use fields::Fields;
use texts::Texts;

/// Nothing runs, nothing is loaded from elsewhere, nobody frames it. A form leads elsewhere only to leave:
/// browsers hold the address it is redirected to against `form-action`, too.
const POLICY: &str = "default-src 'none'; style-src 'self'; media-src 'self'; \
    form-action 'self' https://www.wikipedia.org; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The longest form: a preview of the most recordings a page has is 6 KB.
const FORM_BYTES: usize = 1 << 20;

/// Every page.
pub fn router(api: &Api) -> Router<Api> {
    let wrong_method = async || Oops(Failure::new(ProblemType::NoMethod));
    Router::new()
        .route("/plain", get(children::show))
        .route("/plain/", get(async || see_other("/plain")))
        .route("/plain/session", post(sign_in::enter))
        .route("/plain/leave", post(leave::leave))
        .route("/plain/reading", get(reading::show))
        .route("/plain/children/{id}", get(recordings::show))
        .route("/plain/children/{id}/holdings", get(holdings::show))
        .route("/plain/recordings/{id}", get(recording::show))
        .route("/plain/recordings/{id}/keep", post(recording::keep))
        .route("/plain/recordings/{id}/keep/end", post(recording::end_keep))
        .route("/plain/erase", get(erase::preview).post(erase::confirm))
        .route("/plain/requests", get(requests::show))
        .route("/plain/requests/{id}", get(progress::show))
        .route("/plain/requests/{id}/undo", post(progress::undo))
        .route("/plain/requests/{id}/receipt", get(receipt::show))
        .route("/plain/requests/{id}/receipt/file", get(receipt::file))
        .route("/plain/style.css", get(style))
        .route("/plain/{*nothing}", get(async || Oops(Failure::not_found())))
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(middleware::from_fn_with_state(api.clone(), frame))
}

async fn style() -> Response {
    let css = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (css, include_str!("plain.css")).into_response()
}

/// What a page or an error answers with.
pub type Answer = Result<Response, Oops>;

/// An error on its way to becoming a page.
#[derive(Debug)]
pub struct Oops(Failure);

impl<E> From<E> for Oops
where
    Failure: From<E>,
{
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Oops {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

/// Chooses the language before, turns errors into pages and sets the headers after.
async fn frame(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let asked = Fields::of_query(request.uri());
    let texts = reading::texts(&asked, request.headers());
    let chosen = reading::chosen(&asked);
    let token = cookie(request.headers(), sign_in::COOKIE).map(token);
    request.extensions_mut().insert(texts.clone());
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = layout::trouble(&texts, &problem, token.as_deref(), api.core().policy.demo);
    }
    let headers = response.headers_mut();
    for cookie in chosen {
        headers.append(header::SET_COOKIE, cookie);
    }
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Whoever reads a page, signed in or not.
pub struct Reader {
    /// Their language.
    pub texts: Texts,
    /// Of the session that the browser shows, whether it holds or not.
    pub token: Option<String>,
}

impl FromRequestParts<Api> for Reader {
    type Rejection = Oops;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Oops> {
        let token = cookie(&parts.headers, sign_in::COOKIE).map(token);
        Ok(Self { texts: texts_of(&parts.extensions), token })
    }
}

fn texts_of(extensions: &Extensions) -> Texts {
    extensions.get::<Texts>().cloned().unwrap_or_else(|| Texts::new([], None))
}

/// A parent with a session that holds.
pub struct Visitor {
    /// Their language.
    pub texts: Texts,
    /// Who asks, and what they may.
    pub session: Session,
    /// What every form of this session carries that changes something.
    pub token: String,
}

impl FromRequestParts<Api> for Visitor {
    type Rejection = Oops;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Oops> {
        let secret =
            cookie(&parts.headers, sign_in::COOKIE).ok_or_else(|| Failure::new(ProblemType::NoSession))?;
        Self::with(api, secret, texts_of(&parts.extensions)).await
    }
}

impl Visitor {
    /// The visitor who shows this secret.
    async fn with(api: &Api, secret: &str, texts: Texts) -> Result<Self, Oops> {
        let core = api.core();
        let session = session::verify(&core.db, core.clock.now(), secret, None).await?;
        Ok(Self { texts, session, token: token(secret) })
    }

    /// Refuses what the session is not for.
    pub fn may(&self, permission: Permission) -> Result<(), Oops> {
        if self.has(permission) { Ok(()) } else { Err(Failure::new(ProblemType::NotAllowed).into()) }
    }

    /// Whether the session is for this.
    pub fn has(&self, permission: Permission) -> bool {
        self.session.permissions.has(permission)
    }

    /// Refuses a form that was not made for this session: another site's, or one of another parent.
    pub fn sent(&self, form: &Fields) -> Result<(), Oops> {
        if carries(form, &self.token) {
            Ok(())
        } else {
            Err(Failure::because(ProblemType::NotAllowed, "this form belongs to another session").into())
        }
    }

    /// Names of children, for sentences about them.
    pub async fn names(&self, api: &Api, children: &[ChildId]) -> Result<String, Oops> {
        let mut names = Vec::with_capacity(children.len());
        for child in children {
            names.push(listing::name(api.core(), &self.session.asker, *child).await?);
        }
        Ok(self.texts.list(names.iter().map(String::as_str)))
    }
}

/// What every form carries that a session with this secret was shown.
fn token(secret: &str) -> String {
    let token = Sha256::new().chain_update(b"forget-me-not forms v1").chain_update(secret).finalize();
    token.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a form has this token.
fn carries(form: &Fields, token: &str) -> bool {
    form.get("token").unwrap_or_default().as_bytes().ct_eq(token.as_bytes()).into()
}

/// A cookie's value.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter();
    let mut pairs = all.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// To another page, by GET.
fn see_other(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response()
}
