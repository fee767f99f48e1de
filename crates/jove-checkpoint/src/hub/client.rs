//! Requests to one hub.

use std::io::Read;
use std::time::Duration;

use serde_json::Value;
use ureq::http::{HeaderMap, Response};
use ureq::{Agent, Body};

use super::checksum::is_hex;

const USER_AGENT: &str = concat!("jove/", env!("CARGO_PKG_VERSION"));
const REDIRECTS_MAX: usize = 10;
const JSON_BYTES_MAX: u64 = 16 << 20;

/// How much longer than one silence a whole answer of JSON may take.
const JSON_SILENCES: u32 = 5;

/// A client whose token goes to the hub's own host and to no other, wherever the hub redirects.
pub(super) struct Client {
    agent: Agent,
    silence_max: Duration,
    endpoint: String,
    token: Option<String>,
}

/// What the hub says of a file.
pub(super) struct FileInfo {
    /// SHA-256 of a large file, git's hash of a small one, in hex.
    pub(super) checksum: String,
    /// The revision that it is of.
    pub(super) commit: String,
    pub(super) bytes: u64,
}

/// Why a request failed.
pub(super) type Reason = String;

impl Client {
    /// For the hub at `endpoint`, such as `https://huggingface.co`; a host may take `silence_max` to accept a connection, to
    /// send the head of its answer, and between two pieces of the rest.
    pub(super) fn new(endpoint: &str, token: Option<&str>, silence_max: Duration) -> Self {
        // Redirects are followed here, so that each host is checked before it is sent anything.
        let agent = Agent::config_builder()
            .max_redirects(0)
            .user_agent(USER_AGENT)
            .timeout_connect(Some(silence_max))
            .timeout_recv_response(Some(silence_max))
            .timeout_per_read(Some(silence_max))
            .build()
            .into();
        let (endpoint, token) = (endpoint.trim_end_matches('/').to_owned(), token.map(str::to_owned));
        Self { agent, silence_max, endpoint, token }
    }

    /// The address of `path` at the hub.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.endpoint)
    }

    /// The JSON at an address.
    pub(super) fn json(&self, url: &str) -> Result<Value, Reason> {
        let mut response = self.get(url, None, Some(self.silence_max * JSON_SILENCES))?.0;
        let bytes = response.body_mut().with_config().limit(JSON_BYTES_MAX).read_to_vec();
        serde_json::from_slice(&bytes.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
    }

    /// Asks for a file's first byte, which comes with its checksum, revision and length.
    pub(super) fn file_info(&self, url: &str) -> Result<FileInfo, Reason> {
        let (response, hub_headers) = self.get(url, Some("bytes=0-0"), None)?;
        let checksum = header(&hub_headers, "x-linked-etag").or_else(|| header(&hub_headers, "etag"));
        let checksum = checksum.unwrap_or_default().replace('"', "");
        let commit = header(&hub_headers, "x-repo-commit").unwrap_or_default().to_owned();
        // The checksum becomes part of a path.
        if !(is_hex(&checksum, 40) || is_hex(&checksum, 64)) {
            return Err("the hub gives no checksum".to_owned());
        }
        let range = header(response.headers(), "content-range").unwrap_or_default();
        let bytes = range.rsplit('/').next().and_then(|total| total.parse().ok());
        Ok(FileInfo { checksum, commit, bytes: bytes.ok_or("the hub does not say how long the file is")? })
    }

    /// The bytes of a file from `start` on; also whether they begin there, as a host may send the whole file instead.
    pub(super) fn read_from(&self, url: &str, start: u64) -> Result<(impl Read + use<>, bool), Reason> {
        let (response, _) = self.get(url, Some(&format!("bytes={start}-")), None)?;
        let partial = response.status().as_u16() == 206;
        Ok((response.into_body().into_reader(), partial))
    }

    /// The response at the end of all redirects, whose body may take so long, and the headers of the last one that the hub
    /// itself gave.
    fn get(
        &self,
        url: &str,
        range: Option<&str>,
        body_max: Option<Duration>,
    ) -> Result<(Response<Body>, HeaderMap), Reason> {
        let mut url = url.to_owned();
        let mut hub_headers = HeaderMap::new();
        for _ in 0..=REDIRECTS_MAX {
            let at_hub = origin(&url) == origin(&self.endpoint);
            let mut request = self.agent.get(&url).config().timeout_recv_body(body_max).build();
            if let Some(token) = self.token.as_ref().filter(|_| at_hub) {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            if let Some(range) = range {
                request = request.header("range", range);
            }
            let response = request.call().map_err(|error| error.to_string())?;
            if at_hub {
                hub_headers = response.headers().clone();
            }
            let location = header(response.headers(), "location").filter(|_| response.status().is_redirection());
            let Some(location) = location else {
                return Ok((response, hub_headers));
            };
            url = redirected(&url, location)?;
        }
        Err(format!("more than {REDIRECTS_MAX} redirects"))
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Scheme, host and port.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let length = url[host..].find(['/', '?', '#', '\\']).unwrap_or(url.len() - host);
    &url[..host + length]
}

/// Where a redirect leads; never from an encrypted connection to a plain one.
fn redirected(url: &str, location: &str) -> Result<String, Reason> {
    let next = match location {
        _ if location.starts_with("https://") || location.starts_with("http://") => location.to_owned(),
        _ if location.starts_with('/') && !location.starts_with("//") => format!("{}{location}", origin(url)),
        _ => return Err(format!("a redirect to `{location}`")),
    };
    if url.starts_with("https://") && !next.starts_with("https://") {
        return Err(format!("a redirect to `{}`, which is not encrypted", origin(&next)));
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_ends_where_the_host_does() {
        for (url, expected) in [
            ("https://hub.example", "https://hub.example"),
            ("https://hub.example/a/b", "https://hub.example"),
            ("http://hub.example:80?x=/y", "http://hub.example:80"),
            ("https://hub.example#@other.example/", "https://hub.example"),
            ("https://hub.example@other.example/a", "https://hub.example@other.example"),
            ("https://hub.example\\@other.example/a", "https://hub.example"),
        ] {
            assert_eq!(origin(url), expected);
        }
    }

    #[test]
    fn redirects_lead_to_addresses_and_stay_encrypted() {
        let from = "https://hub.example/a/b?c";
        for (location, expected) in [
            ("/d", Ok("https://hub.example/d")),
            ("https://cdn.example/d?e", Ok("https://cdn.example/d?e")),
            ("http://hub.example/d", Err("not encrypted")),
            ("//cdn.example/d", Err("a redirect to")),
            ("d", Err("a redirect to")),
            ("file:///etc/passwd", Err("a redirect to")),
            ("", Err("a redirect to")),
        ] {
            match (redirected(from, location), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(found), Err(part)) => assert!(found.contains(part), "{location}: {found}"),
                (found, _) => panic!("{location}: {found:?}"),
            }
        }
        assert_eq!(redirected("http://a/b", "http://c/d").unwrap(), "http://c/d");
    }
}
