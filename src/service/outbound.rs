//! Requests to others, as to witnesses: by https, and in the clear on this machine only.

use std::{sync::Once, time::Duration};

use reqwest::{ClientBuilder, Response, Url, redirect::Policy};
use url::Host;

/// How long it may take to reach another. How long an answer may take is the caller's to say.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where requests go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// To another process of this machine: no proxy, no certificates.
    ThisMachine,
    /// To anybody, under the root certificates of the system.
    Anywhere,
}

impl Reach {
    /// How an address may be asked. Refused in the clear over a network, and where the address has more
    /// in it than where to go.
    pub fn of(url: &Url) -> Result<Self, &'static str> {
        let here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err("it names no host"),
        };
        if !url.username().is_empty() || url.password().is_some() || url.query().or(url.fragment()).is_some()
        {
            return Err("it has a name, a password, a query or a fragment in it");
        }
        match url.scheme() {
            "https" => Ok(Self::Anywhere),
            "http" if here => Ok(Self::ThisMachine),
            _ => Err("others are asked by https only"),
        }
    }
}

/// Where a client of this kind begins. A redirect is not followed: it would lead where nobody decided.
pub fn builder(reach: Reach) -> ClientBuilder {
    // Once for the process; it stays as it is where something else has chosen before.
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let builder = ClientBuilder::new().redirect(Policy::none()).connect_timeout(PATIENCE);
    match reach {
        // Without this a machine that has no certificates could not even ask itself.
        Reach::ThisMachine => builder.no_proxy().tls_certs_only([]),
        Reach::Anywhere => builder.https_only(true),
    }
}

/// Why an answer cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Nobody answers, or stops in the middle, or takes too long.
    #[error("{}", told(.0))]
    NoAnswer(#[from] reqwest::Error),
    /// It is longer than anything that was asked for, or not text.
    #[error("the answer is not what was asked for")]
    NotWanted,
}

/// What failed, with its causes and without the address.
fn told(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    if error.is_timeout() { "it took too long".to_owned() } else { causes.pop().unwrap_or_default() }
}

/// The bytes of an answer, as long as there are not more than `limit`.
pub async fn bytes(mut response: Response, limit: usize) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > limit {
            return Err(ReadError::NotWanted);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The same as text.
pub async fn text(response: Response, limit: usize) -> Result<String, ReadError> {
    String::from_utf8(bytes(response, limit).await?).map_err(|_| ReadError::NotWanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_asked_in_the_clear() {
        let of = |url: &str| Reach::of(&Url::parse(url).expect("an address"));
        for here in ["http://127.0.0.1:9/x", "http://localhost/", "http://[::1]:9/"] {
            assert_eq!(of(here), Ok(Reach::ThisMachine), "{here}");
        }
        assert_eq!(of("https://watch.example/w1/"), Ok(Reach::Anywhere));
        for bad in [
            "http://watch.example/",
            "http://127.0.0.1.watch.example/",
            "http://10.0.0.1/",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
            "https://user:secret@watch.example/",
            "https://watch.example/?key=1",
            "https://watch.example/#w1",
        ] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn clients_can_be_made_on_any_machine() {
        assert!(builder(Reach::ThisMachine).build().is_ok());
    }
}
