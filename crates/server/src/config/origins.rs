//! The foreign origins whose pages may call the server.

/// The pages that are let in besides the server's own; each origin in the form in which browsers send it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<String>);

/// Text that is no origin to admit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOrigin {
    /// A wildcard.
    #[error(
        "an origin is admitted with credentials, so wildcards are refused: name each one in full, such as \
         https://app.example.com."
    )]
    Wildcard,
    /// Not `scheme://host` or `scheme://host:port`.
    #[error(
        "write scheme, host and, if it is not the usual one, port, without a path, such as https://app.example.com."
    )]
    Shape,
}

impl Origins {
    /// Checks and normalises one origin: lower case, no usual port, no slash at the end.
    pub fn push(&mut self, text: &str) -> Result<(), BadOrigin> {
        let origin = normalise(text)?;
        if !self.0.contains(&origin) {
            self.0.push(origin);
        }
        Ok(())
    }

    /// Whether pages of this origin, as the browser's `Origin` header gives it, are let in.
    #[must_use]
    pub fn admit(&self, origin: &str) -> bool {
        self.0.iter().any(|known| known == origin)
    }

    /// The origins.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

fn normalise(text: &str) -> Result<String, BadOrigin> {
    let text = text.trim().to_ascii_lowercase();
    if text.contains('*') {
        return Err(BadOrigin::Wildcard);
    }
    let (scheme, rest) = text.split_once("://").ok_or(BadOrigin::Shape)?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    // Before the usual port goes: behind it there might be another one.
    if !is_scheme(scheme) || !is_authority(authority) {
        return Err(BadOrigin::Shape);
    }
    let usual_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => "",
    };
    Ok(format!("{scheme}://{}", authority.strip_suffix(usual_port).unwrap_or(authority)))
}

/// Whether browsers may write this before `://`: they write it in lower case.
pub(crate) fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+.-".contains(&byte))
}

fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(ip) => ip.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)),
    };
    is_host && port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_kept_as_browsers_send_it() {
        let check = |text, expected| {
            let mut origins = Origins::default();
            origins.push(text).unwrap();
            assert_eq!(origins.iter().collect::<Vec<_>>(), [expected]);
            assert!(origins.admit(expected));
        };
        check("https://app.example.com", "https://app.example.com");
        check(" HTTPS://App.Example.com/ ", "https://app.example.com");
        check("https://a.example:443", "https://a.example");
        check("http://a.example:80", "http://a.example");
        check("http://a.example:443", "http://a.example:443");
        check("http://[::1]:5173", "http://[::1]:5173");
        check("capacitor://localhost", "capacitor://localhost");
    }

    #[test]
    fn near_misses_are_not_admitted() {
        let mut origins = Origins::default();
        origins.push("https://a.example").unwrap();
        for foreign in
            ["http://a.example", "https://a.example:8443", "https://b.a.example", "https://a.example.evil", "null"]
        {
            assert!(!origins.admit(foreign), "{foreign}");
        }
    }

    #[test]
    fn wildcards_and_what_is_no_origin_are_refused() {
        let check = |text: &str, expected| assert_eq!(Origins::default().push(text), Err(expected), "{text}");
        check("*", BadOrigin::Wildcard);
        check("https://*.example.com", BadOrigin::Wildcard);
        let shapes = [
            "",
            "null",
            "a.example",
            "https://",
            "https://a.example/path",
            "https://u@a.example",
            "https://a:b",
            "https://a.example:443:443",
            "http://a.example:8080:80",
            "https://[::g]",
        ];
        for bad in shapes {
            check(bad, BadOrigin::Shape);
        }
    }
}
