//! `/demo/session`: the demo's own sign-in. On a service of real data it does not exist.

use std::net::SocketAddr;

use axum::{
    Json,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use rules::{
    contract::{NewSession, SessionCreated},
    problem::ProblemType,
};

use super::{Api, failure::Failure};
use crate::session::{self, is_loopback, split_port};

/// The reference of the demo household's guardian.
pub const GUARDIAN: &str = "demo";

/// Sign in to the demo household
///
/// Exists in demo mode only, and only for this machine itself; elsewhere it is "not found".
#[utoipa::path(post, path = "/demo/session", operation_id = "sign_in_to_demo", tag = "sessions",
    responses((status = 201, description = "A session for the made-up guardian", body = SessionCreated)))]
pub async fn sign_in(
    State(api): State<Api>,
    request: Request,
) -> Result<(StatusCode, Json<SessionCreated>), Failure> {
    let (parts, _) = request.into_parts();
    Ok((StatusCode::CREATED, Json(enter(&api, &parts).await?)))
}

/// A session for whoever sits at this machine.
pub(crate) async fn enter(api: &Api, request: &Parts) -> Result<SessionCreated, Failure> {
    let core = api.core();
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
    let from_here = peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback());
    let origin = own_origin(&request.headers)
        .filter(|_| core.policy.demo && from_here)
        .ok_or_else(Failure::not_found)?;
    if !api.allows_failure(&request.extensions) {
        return Err(Failure::new(ProblemType::TooMany));
    }
    let new = NewSession {
        guardian: GUARDIAN.into(),
        children: Vec::new(),
        permissions: Vec::new(),
        origin,
        ttl_seconds: None,
    };
    Ok(session::mint(&core.db, core.clock.now(), &new).await?)
}

/// The origin of our own page, as the browser that sent this names us, if that is a name of this
/// machine itself. A name that only resolves to this machine is a trick (DNS rebinding), and a page
/// of another origin has no business here.
fn own_origin(headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let (name, _) = split_port(host)?;
    let own = session::normalise(&format!("http://{host}")).ok().filter(|_| is_loopback(name))?;
    match headers.get(header::ORIGIN) {
        None => Some(own),
        Some(origin) => origin.to_str().is_ok_and(|origin| origin == own).then_some(own),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(host: &str, origin: Option<&str>) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        own_origin(&headers)
    }

    #[test]
    fn only_a_page_of_this_machine_itself_signs_in() {
        let here = "http://127.0.0.1:8787";
        assert_eq!(own("127.0.0.1:8787", None).as_deref(), Some(here));
        assert_eq!(own("127.0.0.1:8787", Some(here)).as_deref(), Some(here));
        assert_eq!(own("localhost:8787", None).as_deref(), Some("http://localhost:8787"));
        assert_eq!(own("[::1]:8787", None).as_deref(), Some("http://[::1]:8787"));
        assert_eq!(own("rebound.example:8787", None), None);
        assert_eq!(own("127.0.0.1.rebound.example", None), None);
        assert_eq!(own("127.0.0.1:8787", Some("https://elsewhere.example")), None);
        assert_eq!(own("127.0.0.1:8787", Some("http://localhost:8787")), None);
        assert_eq!(own("127.0.0.1:8787", Some("null")), None);
    }
}
