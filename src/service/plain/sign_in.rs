//! Signing in: the host's server mints a session and puts its secret into a form, or the demo does.

use axum::{
    extract::State,
    http::{Extensions, HeaderMap, HeaderValue, header, request::Parts},
    response::Response,
};
use rules::problem::ProblemType;

use super::{Answer, Oops, Visitor, fields::Form, reading, see_other, texts_of};
use crate::{
    api::{Api, demo, failure::Failure},
    session::{self, MAX_TTL_SECONDS},
};

/// The cookie with the session's secret.
pub const COOKIE: &str = "fmn_plain";

/// `POST /plain/session`
pub async fn enter(
    State(api): State<Api>,
    headers: HeaderMap,
    extensions: Extensions,
    Form(form): Form,
) -> Answer {
    let core = api.core();
    let secret = form.get("client_secret").unwrap_or_default();
    // A page that sends no referrer sends "null". The secret is what counts.
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let from = origin.filter(|origin| *origin != "null");
    if let Err(refused) = session::verify(&core.db, core.clock.now(), secret, from).await {
        let failure = Failure::from(refused);
        let spent = failure.0.status == 401 && !api.allows_failure(&extensions);
        return Err(if spent { Failure::new(ProblemType::TooMany) } else { failure }.into());
    }
    let mut response = see_other("/plain");
    remember(&mut response, secret, is_https(&headers));
    for cookie in reading::chosen(&form) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The demo's parent, who signs in by looking.
pub async fn demo(api: &Api, request: &Parts) -> Result<(Visitor, String), Oops> {
    let created = demo::enter(api, request).await?;
    let visitor = Visitor::with(api, &created.client_secret, texts_of(&request.extensions)).await?;
    Ok((visitor, created.client_secret))
}

/// Lets the browser show the secret to these pages, and to no script.
pub fn remember(response: &mut Response, secret: &str, https: bool) {
    let secure = if https { "; Secure" } else { "" };
    let cookie =
        format!("{COOKIE}={secret}; Path=/plain; HttpOnly; SameSite=Lax; Max-Age={MAX_TTL_SECONDS}{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// Whether the browser came by https, as the proxy before us or the page that it came from says.
pub fn is_https(headers: &HeaderMap) -> bool {
    let says = |name: &str, begins: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.starts_with(begins))
    };
    says("x-forwarded-proto", "https") || says("origin", "https:")
}
