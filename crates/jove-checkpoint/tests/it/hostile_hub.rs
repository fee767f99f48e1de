//! Hubs that lie, break off, never end or never begin: each is refused by name in bounded time, and nothing is written outside
//! the cache.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use jove_checkpoint::{HubModel, HubOptions, fetch};
use jove_core::Silent;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const CONFIG: &str = "{\"model_type\":\"bert\"}";

/// What `git hash-object` gives for [`CONFIG`].
fn config_hash() -> String {
    use sha1::Digest as _;
    let hash = sha1::Sha1::digest(format!("blob {}\0{CONFIG}", CONFIG.len()));
    let digits = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from_digit(u32::from(digit), 16).unwrap()).collect()
}

/// The three things that a hub is asked for, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Listing,
    Info,
    Bytes,
}

/// What a hub sends.
#[derive(Clone)]
enum Sent {
    /// These bytes, and the connection ends.
    Whole(Vec<u8>),
    /// These bytes, then `x` until the other side has enough.
    Endless(Vec<u8>),
    /// These bytes, then one every 30 milliseconds.
    Drip(Vec<u8>),
    /// These bytes, and nothing more, with the connection kept open.
    Silence(Vec<u8>),
}

fn head(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n").as_bytes(), body].concat()
}

/// An answer with its right length.
fn whole(status: &str, headers: &str, body: &[u8]) -> Sent {
    Sent::Whole(head(status, &format!("content-length: {}\r\n{headers}", body.len()), body))
}

fn about_config(total: impl std::fmt::Display) -> String {
    format!("etag: \"{}\"\r\nx-repo-commit: {COMMIT}\r\ncontent-range: bytes 0-0/{total}\r\n", config_hash())
}

/// What an honest hub with a `config.json` and without weights sends.
fn honest(asked: Asked) -> Sent {
    let names = "[{\"rfilename\":\"config.json\"},{\"rfilename\":\"../../../escaped\"}]";
    match asked {
        Asked::Listing => whole("200 OK", "", format!("{{\"sha\":\"{COMMIT}\",\"siblings\":{names}}}").as_bytes()),
        Asked::Info => whole("206 Partial Content", &about_config(CONFIG.len()), b"{"),
        Asked::Bytes => whole("206 Partial Content", &about_config(CONFIG.len()), CONFIG.as_bytes()),
    }
}

fn send(mut stream: TcpStream, sent: Sent) -> io::Result<()> {
    match sent {
        Sent::Whole(bytes) => stream.write_all(&bytes),
        Sent::Endless(bytes) => {
            stream.write_all(&bytes)?;
            loop {
                stream.write_all(&[b'x'; 1 << 14])?;
            }
        }
        Sent::Drip(bytes) => {
            stream.write_all(&bytes)?;
            loop {
                std::thread::sleep(Duration::from_millis(30));
                stream.write_all(b"x")?;
            }
        }
        Sent::Silence(bytes) => {
            stream.write_all(&bytes)?;
            std::thread::sleep(Duration::from_mins(1));
            Ok(())
        }
    }
}

fn serve(stream: TcpStream, lie: (Asked, Sent)) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    while reader.read_line(&mut request)? > 2 {}
    let asked = match request.as_str() {
        request if request.starts_with("GET /api/") => Asked::Listing,
        request if request.contains("bytes=0-0") => Asked::Info,
        _ => Asked::Bytes,
    };
    send(reader.into_inner(), if asked == lie.0 { lie.1 } else { honest(asked) })
}

/// Fetches a model from a hub that lies about one thing; the message.
fn message(root: &Path, lie: (Asked, Sent)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let lie = lie.clone();
            std::thread::spawn(move || serve(stream, lie));
        }
    });
    let cache = root.join("cache");
    let options = HubOptions { endpoint, cache, token: None, offline: false, silence_max: Duration::from_millis(400) };
    fetch(&HubModel::parse("owner/name").unwrap(), &options, &Silent).unwrap_err().to_string()
}

/// Checks that the lie is named, that no file of it is kept, and that nothing is written outside the cache.
fn check(asked: Asked, sent: Sent, expected: &str) {
    let root = tempfile::tempdir().unwrap();
    let said = message(root.path(), (asked, sent));
    assert!(said.starts_with("hub model owner/name@main: ") && said.contains(expected), "{asked:?}: {said}");
    let outside = std::fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(outside.into_iter().all(|name| name == "cache"), "{asked:?}: {said}");
    let kept = root.path().join(format!("cache/models--owner--name/snapshots/{COMMIT}/config.json"));
    assert!(!kept.exists(), "{asked:?}: {said}");
}

#[test]
fn an_honest_hub_is_believed_and_unknown_names_are_not_asked_for() {
    let listed = whole("200 OK", "", format!("{{\"sha\":\"{COMMIT}\",\"siblings\":7}}").as_bytes());
    for answer in [(Asked::Bytes, honest(Asked::Bytes)), (Asked::Listing, listed)] {
        let root = tempfile::tempdir().unwrap();
        let said = message(root.path(), answer);
        assert!(said.contains("holds no weights"), "{said}");
        let kept = root.path().join(format!("cache/models--owner--name/snapshots/{COMMIT}/config.json"));
        assert_eq!(std::fs::read_to_string(kept).unwrap(), CONFIG);
    }
}

#[test]
fn a_listing_that_is_none_is_refused() {
    let ok = |body: &[u8]| whole("200 OK", "", body);
    for (sent, expected) in [
        (ok(b"{\"sha\":\"\xff\xfe\"}"), ""),
        (ok("[".repeat(100_000).as_bytes()), "recursion limit"),
        (ok(b""), ""),
        (ok(b"[]"), "a revision that is no hash"),
        (ok(b"{\"sha\":\"../../../escaped\"}"), "a revision that is no hash"),
        (ok(format!("{{\"sha\":\"{}\"}}", COMMIT.to_uppercase()).as_bytes()), "a revision that is no hash"),
        (whole("500 Oh", "", b""), "500"),
        (whole("302 Found", "location: ftp://other/\r\n", b""), "a redirect to"),
        (whole("302 Found", "location: /again\r\n", b""), "a revision that is no hash"),
        (Sent::Whole(b"\x16\x03\x01 what is this\r\n\r\n".to_vec()), ""),
        (Sent::Whole(Vec::new()), ""),
        (Sent::Whole(head("200 OK", "content-length: 99\r\n", b"{")), ""),
        (Sent::Whole(head("200 OK", "transfer-encoding: chunked\r\n", b"ZZ\r\nnot a length")), ""),
        (Sent::Whole(head("200 OK", "content-length: -5\r\n", b"{}")), ""),
        (Sent::Endless(head("200 OK", "content-length: 99999999999999\r\n", b"[")), "limit"),
        (Sent::Endless(b"HTTP/1.1 200 OK\r\nx-header: ".to_vec()), ""),
        (Sent::Drip(b"HTTP/1.1 200 OK\r\n".to_vec()), "timeout"),
        (Sent::Drip(head("200 OK", "", b"[")), "timeout"),
        (Sent::Silence(Vec::new()), "timeout"),
        (Sent::Silence(head("200 OK", "content-length: 9\r\n", b"[")), "timeout"),
    ] {
        check(Asked::Listing, sent, expected);
    }
}

#[test]
fn what_is_said_of_a_file_is_checked_before_it_is_used() {
    let info = |headers: &str| whole("206 Partial Content", headers, b"{");
    let hash = config_hash();
    for (sent, expected) in [
        (info(""), "no checksum"),
        (info(&format!("etag: \"../../../../escaped\"\r\nx-repo-commit: {COMMIT}\r\n")), "no checksum"),
        (info(&format!("x-linked-etag: \"/etc/passwd\"\r\netag: \"{hash}\"\r\n")), "no checksum"),
        (info(&format!("etag: \"{hash}\"\r\ncontent-range: bytes 0-0/20\r\n")), "another revision"),
        (info(&format!("etag: \"{hash}\"\r\nx-repo-commit: {COMMIT}\r\n")), "how long the file is"),
        (info(&about_config("-7")), "how long the file is"),
        (info(&about_config("99999999999999999999999")), "how long the file is"),
        (info(&about_config(1_u64 << 40)), "expected at most 268435456 bytes"),
        (whole("404 Not Found", "", b""), "404"),
        (Sent::Silence(Vec::new()), "timeout"),
    ] {
        check(Asked::Info, sent, expected);
    }
}

#[test]
fn bytes_that_are_not_the_files_are_not_kept() {
    let bytes = |body: &[u8]| whole("206 Partial Content", "", body);
    let open = |headers: &str, body: &[u8]| head("206 Partial Content", headers, body);
    for (sent, expected) in [
        (bytes(&CONFIG.as_bytes().to_ascii_uppercase()), "its checksum is"),
        (bytes(&CONFIG.as_bytes()[..5]), "bytes came"),
        (bytes(b""), "0 of 21 bytes came"),
        (bytes(&[b'x'; 4000]), "more came than"),
        (Sent::Whole(open("content-length: 21\r\n", b"{")), ""),
        (Sent::Endless(open("", b"")), "more came than"),
        (Sent::Endless(open("content-length: 99999999999999\r\n", b"")), "more came than"),
        (Sent::Silence(open("content-length: 21\r\n", b"{")), "timeout"),
        (Sent::Drip(open("", b"")), ""),
        (whole("416 Range Not Satisfiable", "", b""), "416"),
        (whole("302 Found", "location: https://\r\n", b""), ""),
    ] {
        check(Asked::Bytes, sent, expected);
    }
}

#[test]
fn a_second_answer_that_differs_changes_no_path() {
    let root = tempfile::tempdir().unwrap();
    let headers = format!("etag: \"../../../../escaped\"\r\nx-repo-commit: {}\r\n", "f".repeat(40));
    let said = message(root.path(), (Asked::Bytes, whole("206 Partial Content", &headers, CONFIG.as_bytes())));
    assert!(said.contains("holds no weights"), "{said}");
    let blobs = root.path().join("cache/models--owner--name/blobs");
    let names: Vec<_> = std::fs::read_dir(blobs).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| name.to_string_lossy().starts_with(&config_hash())), "{names:?}");
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 1);
}
