//! "Leave this page", for who must not be seen on it: to another site, and signed out here.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};

use super::{Answer, Oops, carries, cookie, fields::Form, reading, see_other, sign_in, token};
use crate::{api::Api, session};

/// Where it leads, like the element's: a page that everybody reads. The policy's `form-action` names it.
const AWAY: &str = "https://www.wikipedia.org/";

/// `POST /plain/leave`
///
/// It leads away whatever it is sent: no page of ours may stay on screen because a session is over or
/// another one began. Only the form of the session that the browser shows ends that one.
pub async fn leave(State(api): State<Api>, headers: HeaderMap, form: Result<Form, Oops>) -> Answer {
    let mut response = see_other(AWAY);
    let secret = cookie(&headers, sign_in::COOKIE);
    let Some((secret, _)) =
        secret.zip(form.ok()).filter(|(secret, Form(form))| carries(form, &token(secret)))
    else {
        return Ok(response);
    };
    forget(&mut response);
    let core = api.core();
    if let Err(error) = session::end(&core.db, core.clock.now(), secret).await {
        // The browser forgets it all the same, and it ends within minutes.
        tracing::warn!(%error, "a session was left and could not be ended");
    }
    Ok(response)
}

/// Has the browser forget what these pages put into it. Its history is out of reach.
fn forget(response: &mut Response) {
    let headers = response.headers_mut();
    for name in [sign_in::COOKIE, reading::LANGUAGE, reading::ZONE] {
        let over = format!("{name}=; Path=/plain; HttpOnly; SameSite=Lax; Max-Age=0");
        if let Ok(over) = HeaderValue::from_str(&over) {
            headers.append(header::SET_COOKIE, over);
        }
    }
    headers.insert("clear-site-data", HeaderValue::from_static("\"cache\""));
}
