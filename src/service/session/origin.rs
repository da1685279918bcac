//! Origins as browsers write them, so that comparing two is comparing text.

/// Why a text is not an origin that a session can be bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadOrigin {
    /// Not scheme, host and perhaps port.
    #[error(
        "an origin is written like https://parents.example, with a port if it is not the usual one and nothing after it"
    )]
    Malformed,
    /// Over the open network in clear text.
    #[error("an origin is https, except on this machine itself (localhost, 127.0.0.1, [::1])")]
    NotSecure,
}

/// Hosts that stand for this machine itself, as browsers write them.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The origin the way a browser sends it: lower case, no usual port.
pub fn normalise(text: &str) -> Result<String, BadOrigin> {
    let text = text.trim().to_ascii_lowercase();
    let (scheme, authority) = text.split_once("://").ok_or(BadOrigin::Malformed)?;
    let (host, port) = split_port(authority).ok_or(BadOrigin::Malformed)?;
    if !is_host(host) {
        return Err(BadOrigin::Malformed);
    }
    let usual = match scheme {
        "https" => 443,
        "http" if is_loopback(host) => 80,
        "http" => return Err(BadOrigin::NotSecure),
        _ => return Err(BadOrigin::Malformed),
    };
    Ok(match port {
        Some(port) if port != usual => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    })
}

/// Whether a host, as a `Host` header has it without its port, is this machine itself.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    LOOPBACK.contains(&host) || host.ends_with(".localhost")
}

/// Host and port of an authority or a `Host` header.
pub fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let after_host = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority.get(after_host..)?.rfind(':') {
        None => Some((authority, None)),
        Some(colon) => {
            let (host, port) = authority.split_at(after_host + colon);
            let port = &port[1..];
            let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| port.parse().ok()).flatten().map(|port| (host, Some(port)))
        }
    }
}

/// A name or an address in the form browsers use: punycode, no user, no path.
fn is_host(host: &str) -> bool {
    if let Some(v6) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return v6.parse::<std::net::Ipv6Addr>().is_ok();
    }
    !host.is_empty()
        && host.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        for (given, sent) in [
            ("https://parents.example", "https://parents.example"),
            ("HTTPS://Parents.Example:443", "https://parents.example"),
            ("https://parents.example:8443", "https://parents.example:8443"),
            ("http://127.0.0.1:8787", "http://127.0.0.1:8787"),
            ("http://localhost:80", "http://localhost"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("https://xn--kinder-1ya.example", "https://xn--kinder-1ya.example"),
        ] {
            assert_eq!(normalise(given).as_deref(), Ok(sent));
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for bad in [
            "",
            "null",
            "parents.example",
            "https://",
            "https://parents.example/",
            "https://parents.example/page",
            "https://user@parents.example",
            "https://parents.example:",
            "https://parents.example:99999",
            "https://kinder-ä.example",
            "https://a..b",
            "ftp://parents.example",
            "https://*.example",
        ] {
            assert_eq!(normalise(bad), Err(BadOrigin::Malformed), "{bad}");
        }
        assert_eq!(normalise("http://parents.example"), Err(BadOrigin::NotSecure));
        assert_eq!(normalise("http://localhost.parents.example"), Err(BadOrigin::NotSecure));
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_stable(text in "(https?://)?[a-zA-Z0-9.:\\[\\]/@-]{0,30}") {
            if let Ok(origin) = normalise(&text) {
                prop_assert_eq!(normalise(&origin), Ok(origin.clone()));
            }
        }
    }
}
