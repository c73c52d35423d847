//! Who may speak to the sandbox at all: programs of this machine, and not the web pages that its browsers show.
//!
//! A page can make a browser send requests to 127.0.0.1, under the page's own host name where its DNS answer says so. Such
//! a request names that host, and one that changes something names its origin.

use std::net::IpAddr;

use hyper::header::{HOST, ORIGIN};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{Response, StatusCode};
use s3s::Body;
use serde_json::json;

use super::respond;

/// The refusal of a request that no AWS client of this machine sends.
pub(super) fn refusal(parts: &Parts) -> Option<Response<Body>> {
    let why = if parts.headers.contains_key(ORIGIN) {
        "requests of web pages are refused: this one has an `Origin` header"
    } else if !is_for_this_machine(parts) {
        "this sandbox answers to 127.0.0.1, [::1] and localhost only: the `Host` header names another host, or none"
    } else {
        return None;
    };
    Some(respond::json(StatusCode::FORBIDDEN, &json!({ "error": why })))
}

/// Every host that a request names is this machine, and it names one.
fn is_for_this_machine(parts: &Parts) -> bool {
    let headers = parts.headers.get_all(HOST).iter().map(|host| Authority::try_from(host.as_bytes()).ok());
    let mut hosts = headers.chain(parts.uri.authority().cloned().map(Some)).peekable();
    hosts.peek().is_some() && hosts.all(|host| host.is_some_and(|host| is_loopback(host.host())))
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn is_refused(uri: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        refusal(&request.body(()).expect("a request").into_parts().0).is_some()
    }

    #[test]
    fn only_hosts_of_this_machine_are_answered() {
        for host in ["127.0.0.1", "127.0.0.1:4600", "localhost:4600", "LOCALHOST", "[::1]:4600", "127.1.2.3"] {
            assert!(!is_refused("/", &[("host", host)]), "{host}");
        }
        for host in ["evil.example:4600", "127.0.0.1.evil.example", "localhost.evil", "10.0.0.1", "", "user@evil", "0"]
        {
            assert!(is_refused("/", &[("host", host)]), "{host}");
        }
        assert!(is_refused("/", &[]));
        assert!(is_refused("/", &[("host", "localhost"), ("host", "evil.example")]));
        assert!(is_refused("http://evil.example/", &[("host", "localhost")]));
    }

    #[test]
    fn no_web_page_is_answered() {
        for origin in ["http://evil.example", "http://127.0.0.1:4600", "null"] {
            assert!(is_refused("/", &[("host", "127.0.0.1"), ("origin", origin)]), "{origin}");
        }
    }
}
