//! Who calls: a session, the vendor's own backend, or nobody.

use std::{marker::PhantomData, net::SocketAddr, ops::Deref, sync::Arc};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{Extensions, HeaderMap, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use rules::{contract::Permission, problem::ProblemType, scope::Filter};
use subtle::ConstantTimeEq;

use super::{Api, failure::Failure};
use crate::session::{self, Session};

/// Who was let in, noted on the request for its handler.
#[derive(Clone)]
enum Caller {
    Session(Arc<Session>),
    Vendor,
}

/// Lets nobody through who shows neither a session that holds nor the vendor key.
pub async fn authenticate(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    match identify(&api, request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(failure) if failure.0.status == 401 && !api.allows_failure(request.extensions()) => {
            Failure::new(ProblemType::TooMany).into_response()
        }
        Err(failure) => failure.into_response(),
    }
}

async fn identify(api: &Api, headers: &HeaderMap) -> Result<Caller, Failure> {
    let token = bearer(headers).ok_or_else(|| Failure::new(ProblemType::NoSession))?;
    // Hashes of equal length are compared, in a time that does not depend on where they differ.
    if bool::from(session::hash(token).ct_eq(&api.0.vendor_key)) {
        return Ok(Caller::Vendor);
    }
    let origin = headers.get(header::ORIGIN).map(|origin| String::from_utf8_lossy(origin.as_bytes()));
    let core = api.core();
    let session = session::verify(&core.db, core.clock.now(), token, origin.as_deref()).await?;
    Ok(Caller::Session(Arc::new(session)))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Api {
    /// Counts a failed sign-in; false when the address has had too many.
    pub(crate) fn allows_failure(&self, request: &Extensions) -> bool {
        let peer = request.get::<ConnectInfo<SocketAddr>>();
        peer.is_none_or(|ConnectInfo(peer)| self.0.brake.allows(peer.ip()))
    }
}

/// What a handler asks its session to be allowed.
pub trait Needs: Send {
    /// The permission.
    const PERMISSION: Permission;
}

macro_rules! needs {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        pub struct $name;

        impl Needs for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )*};
}

needs! {
    /// See what is held.
    View;
    /// Hear, watch and read.
    Play;
    /// Keep until a date.
    Keep;
    /// Ask for erasures and take them back.
    Erase;
}

/// A session with the permission `P`.
pub struct May<P> {
    session: Arc<Session>,
    permission: PhantomData<P>,
}

impl<P> Deref for May<P> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl<P: Needs> FromRequestParts<Api> for May<P> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Failure> {
        match parts.extensions.get::<Caller>() {
            Some(Caller::Session(session)) if session.permissions.has(P::PERMISSION) => {
                Ok(Self { session: session.clone(), permission: PhantomData })
            }
            Some(_) => Err(Failure::new(ProblemType::NotAllowed)),
            None => Err(Failure::new(ProblemType::NoSession)),
        }
    }
}

impl Session {
    /// Refuses a filter by words to a session that may not read them: whoever can ask "does it say
    /// …?" as often as they like has read it.
    pub(crate) fn may_look_for(&self, filter: &Filter) -> Result<(), Failure> {
        if filter.q.is_some() && !self.permissions.has(Permission::Play) {
            return Err(Failure::because(
                ProblemType::NotAllowed,
                "searching for words needs the permission to read them",
            ));
        }
        Ok(())
    }
}

/// The vendor's own backend.
pub struct Vendor;

impl FromRequestParts<Api> for Vendor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Failure> {
        match parts.extensions.get::<Caller>() {
            Some(Caller::Vendor) => Ok(Self),
            Some(Caller::Session(_)) => Err(Failure::new(ProblemType::NotAllowed)),
            None => Err(Failure::new(ProblemType::NoSession)),
        }
    }
}
