//! The hub's protocol, spoken by a server in this test.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use jove_checkpoint::{HubModel, HubOptions, fetch, load_hf, save_hf_with};
use jove_core::Silent;
use sha2::Digest as _;

use crate::support::{bert, model};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A hub with one model, `owner/name`.
struct Hub {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

struct File {
    bytes: Vec<u8>,
    etag: String,
}

fn sha256(bytes: &[u8]) -> String {
    hex(&sha2::Sha256::digest(bytes))
}

fn git_hash(bytes: &[u8]) -> String {
    let all = [format!("blob {}\0", bytes.len()).as_bytes(), bytes].concat();
    hex(&sha1::Sha1::digest(&all))
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from_digit(u32::from(digit), 16).unwrap()).collect()
}

/// Files of a folder, large ones hashed as the hub does.
fn files_of(folder: &Path) -> BTreeMap<String, File> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let file = |path: std::path::PathBuf| {
        let (name, bytes) = (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap());
        let etag = if name.ends_with(".safetensors") { sha256(&bytes) } else { git_hash(&bytes) };
        (name, File { bytes, etag })
    };
    entries.map(file).collect()
}

/// How a hub differs from one that simply sends what it is asked for.
#[derive(Clone, Default)]
struct Manners {
    /// Sends on to this address, for files alone.
    redirect: Option<String>,
    /// Sends the whole file whatever range is asked for.
    no_ranges: bool,
    /// Breaks off the first answer for each file's bytes in its middle.
    breaks_off: bool,
}

impl Hub {
    fn start(files: BTreeMap<String, File>) -> Self {
        Self::with(files, Manners::default())
    }

    fn with(files: BTreeMap<String, File>, manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let _ = answer(stream, &files, &log, &manners);
            }
        });
        Self { address, requests }
    }

    fn options(&self, cache: &Path) -> HubOptions {
        HubOptions {
            endpoint: self.address.clone(),
            cache: cache.to_owned(),
            token: Some("secret".to_owned()),
            offline: false,
            silence_max: std::time::Duration::from_secs(20),
        }
    }
}

fn answer(
    stream: TcpStream,
    files: &BTreeMap<String, File>,
    log: &Mutex<Vec<String>>,
    manners: &Manners,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head)? > 2 {}
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let header = |name: &str| {
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
        line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned())
    };
    let entry =
        format!("{path} {} {}", header("range").unwrap_or_default(), header("authorization").unwrap_or_default());
    let for_bytes = |entry: &str| entry.starts_with(&format!("{path} bytes=")) && !entry.contains("bytes=0-0");
    let first = !log.lock().unwrap().iter().any(|entry| for_bytes(entry));
    log.lock().unwrap().push(entry);
    let mut out = reader.into_inner();
    // The model's name of old, without owner.
    if let Some(rest) = path.strip_prefix("/name/").or_else(|| path.strip_prefix("/api/models/name/")) {
        let place = if path.starts_with("/api") { "/api/models/owner/name/" } else { "/owner/name/" };
        return write!(
            out,
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: {place}{rest}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
    }
    if path == "/api/models/owner/name/revision/main" {
        let siblings: Vec<_> = files.keys().map(|name| serde_json::json!({"rfilename": name})).collect();
        let body = serde_json::json!({"sha": COMMIT, "siblings": siblings}).to_string();
        return write!(out, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    }
    let Some(file) = path.strip_prefix("/owner/name/resolve/main/").and_then(|name| files.get(name)) else {
        return write!(out, "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    };
    if let Some(host) = &manners.redirect {
        return write!(
            out,
            "HTTP/1.1 302 Found\r\nlocation: {host}{path}\r\nx-linked-etag: \"{}\"\r\nx-repo-commit: {COMMIT}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            file.etag
        );
    }
    if manners.no_ranges && header("range").as_deref() != Some("bytes=0-0") {
        write!(out, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", file.bytes.len())?;
        return out.write_all(&file.bytes);
    }
    let range = header("range").unwrap_or_else(|| "bytes=0-".to_owned());
    let (start, end) = range.trim_start_matches("bytes=").split_once('-').unwrap_or(("0", ""));
    let start: usize = start.parse().unwrap_or(0);
    let end = end.parse().map_or(file.bytes.len(), |end: usize| end + 1).min(file.bytes.len());
    let (body, total) = (&file.bytes[start..end], file.bytes.len());
    write!(
        out,
        "HTTP/1.1 206 Partial Content\r\ncontent-length: {}\r\ncontent-range: bytes {start}-{}/{total}\r\netag: \"{}\"\r\nx-repo-commit: {COMMIT}\r\nconnection: close\r\n\r\n",
        body.len(),
        end.saturating_sub(1),
        file.etag
    )?;
    let sent = if manners.breaks_off && first && body.len() > 1 { body.len() / 2 } else { body.len() };
    out.write_all(&body[..sent])
}

/// A model's folder, sharded so that the index is followed too.
fn model_folder(root: &Path) -> std::path::PathBuf {
    let folder = root.join("source");
    let options = jove_checkpoint::SaveOptions { shard_bytes_max: 5000, ..Default::default() };
    let files = [jove_checkpoint::ExtraFile::new("vocab.txt", "[PAD]\n词\n").unwrap()];
    save_hf_with(&folder, &bert(), &model(&bert()), &files, &options, &Silent).unwrap();
    folder
}

#[test]
fn a_name_without_owner_is_followed_to_its_present_place() {
    let root = tempfile::tempdir().unwrap();
    let hub = Hub::start(files_of(&model_folder(root.path())));
    let cache = root.path().join("cache");
    let folder = fetch(&HubModel::parse("name").unwrap(), &hub.options(&cache), &Silent).unwrap();
    assert!(folder.starts_with(cache.join("models--name")), "{}", folder.display());
    assert_eq!(load_hf(&folder).unwrap().0, bert());
    let offline = HubOptions { offline: true, ..hub.options(&cache) };
    assert_eq!(fetch(&HubModel::parse("name").unwrap(), &offline, &Silent).unwrap(), folder);
}

#[test]
fn a_model_comes_once_and_then_from_the_cache() {
    let root = tempfile::tempdir().unwrap();
    let hub = Hub::start(files_of(&model_folder(root.path())));
    let options = hub.options(&root.path().join("cache"));
    let name = HubModel::parse("owner/name").unwrap();
    let folder = fetch(&name, &options, &Silent).unwrap();
    let (config, weights) = load_hf(&folder).unwrap();
    assert_eq!(config, bert());
    for tensor in model(&bert()) {
        assert_eq!(weights.get(&tensor.name).unwrap(), tensor);
    }
    assert!(folder.join("vocab.txt").exists());
    let count = hub.requests.lock().unwrap().len();
    assert!(hub.requests.lock().unwrap().iter().all(|request| request.ends_with("Bearer secret")));
    assert_eq!(fetch(&name, &options, &Silent).unwrap(), folder);
    assert_eq!(hub.requests.lock().unwrap().len(), count + 1, "only the revision is asked for again");
    let offline = HubOptions { offline: true, endpoint: "http://127.0.0.1:1".to_owned(), ..options };
    assert_eq!(fetch(&name, &offline, &Silent).unwrap(), folder);
    let other = HubModel::parse("owner/other").unwrap();
    let message = fetch(&other, &offline, &Silent).unwrap_err().to_string();
    assert!(message.contains("not in the cache"), "{message}");
}

#[test]
fn a_broken_download_goes_on_where_it_stopped() {
    let root = tempfile::tempdir().unwrap();
    let files = files_of(&model_folder(root.path()));
    let first = "model-00001-of-00002.safetensors";
    let file = &files[first];
    let (etag, half) = (file.etag.clone(), file.bytes.len() / 2);
    let blobs = root.path().join("cache/models--owner--name/blobs");
    std::fs::create_dir_all(&blobs).unwrap();
    std::fs::write(blobs.join(format!("{etag}.part")), &file.bytes[..half]).unwrap();
    let hub = Hub::start(files);
    let folder =
        fetch(&HubModel::parse("owner/name").unwrap(), &hub.options(&root.path().join("cache")), &Silent).unwrap();
    load_hf(&folder).unwrap();
    let asked = hub.requests.lock().unwrap().iter().any(|request| request.contains(&format!("{first} bytes={half}-")));
    assert!(asked, "{:?}", hub.requests.lock().unwrap());
}

#[test]
fn the_token_stays_with_the_hub() {
    let root = tempfile::tempdir().unwrap();
    let folder = model_folder(root.path());
    let store = Hub::start(files_of(&folder));
    // The same machine, but another port, is another host.
    let redirect = Some(store.address.clone());
    let hub = Hub::with(files_of(&folder), Manners { redirect, ..Manners::default() });
    let fetched =
        fetch(&HubModel::parse("owner/name").unwrap(), &hub.options(&root.path().join("cache")), &Silent).unwrap();
    load_hf(&fetched).unwrap();
    assert!(hub.requests.lock().unwrap().iter().all(|request| request.ends_with("Bearer secret")));
    let sent = store.requests.lock().unwrap().clone();
    assert!(!sent.is_empty() && !sent.iter().any(|request| request.contains("secret")), "{sent:?}");
}

#[test]
fn a_hub_that_redirects_in_a_circle_is_given_up() {
    let root = tempfile::tempdir().unwrap();
    let files = || files_of(&model_folder(root.path()));
    let hub = Hub::with(files(), Manners { redirect: Some(String::new()), ..Manners::default() });
    let error = fetch(&HubModel::parse("owner/name").unwrap(), &hub.options(root.path()), &Silent).unwrap_err();
    assert!(error.to_string().contains("config.json: more than 10 redirects"), "{error}");
}

#[test]
fn a_file_arrives_whole_from_hosts_that_send_too_much_or_break_off() {
    for (manners, part_bytes) in [
        (Manners { no_ranges: true, ..Manners::default() }, 7),
        (Manners { breaks_off: true, ..Manners::default() }, 0),
        (Manners::default(), 100_000),
    ] {
        let root = tempfile::tempdir().unwrap();
        let files = files_of(&model_folder(root.path()));
        let etag = files["model-00001-of-00002.safetensors"].etag.clone();
        let blobs = root.path().join("cache/models--owner--name/blobs");
        std::fs::create_dir_all(&blobs).unwrap();
        std::fs::write(blobs.join(format!("{etag}.part")), vec![0; part_bytes]).unwrap();
        let hub = Hub::with(files, manners);
        let folder =
            fetch(&HubModel::parse("owner/name").unwrap(), &hub.options(&root.path().join("cache")), &Silent).unwrap();
        load_hf(&folder).unwrap();
    }
}

#[test]
fn damage_on_the_way_and_lies_are_found() {
    for lie in ["damage", "no hash", "a path"] {
        let root = tempfile::tempdir().unwrap();
        let mut files = files_of(&model_folder(root.path()));
        let file = files.get_mut("config.json").unwrap();
        match lie {
            "damage" => file.bytes[0] ^= 1,
            "no hash" => file.etag = "W/שלום".to_owned(),
            _ => file.etag = "../../../../escaped".to_owned(),
        }
        let hub = Hub::start(files);
        let cache = root.path().join("cache");
        let message =
            fetch(&HubModel::parse("owner/name").unwrap(), &hub.options(&cache), &Silent).unwrap_err().to_string();
        assert!(message.contains("owner/name@main: config.json: "), "{message}");
        let left = cache.join(format!("models--owner--name/snapshots/{COMMIT}/config.json"));
        assert!(!left.exists() && !root.path().join("escaped").exists(), "{lie}");
    }
    let root = tempfile::tempdir().unwrap();
    let hub = Hub::start(BTreeMap::new());
    for (name, expected) in [("owner/other", "404"), ("owner/name", "404")] {
        let message =
            fetch(&HubModel::parse(name).unwrap(), &hub.options(root.path()), &Silent).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}
