//! Models from a hub that speaks Hugging Face's protocol.
//!
//! Files land in the cache that Hugging Face's own tools share. A broken download resumes where it stopped, and
//! every file is checked against the checksum that the hub gives: SHA-256 of large files, git's hash of small ones.

mod cache;
mod checksum;
mod client;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jove_core::Progress;
use serde_json::Value;

use self::cache::{ModelCache, Part};
use self::checksum::{checksum, is_hex};
use self::client::{Client, FileInfo};
use crate::error::{Error, Result};
use crate::folder::{TOKENIZER_FILES, check_plain, read_small};

/// How often a broken download is resumed.
const RETRIES_MAX: u32 = 3;

/// What is waited before a broken download is resumed the first time, as a part of the longest silence.
const RETRY_PART: u32 = 200;

/// The size of a file other than weights, in bytes.
const SMALL_BYTES_MAX: u64 = 256 << 20;

/// Bytes a second, over the longest silence, below which a host is given up.
const SPEED_MIN: f64 = 1024.0;

/// Where models come from and where they are kept.
#[derive(Clone, Debug)]
pub struct HubOptions {
    /// The hub's address, such as `https://huggingface.co`.
    pub endpoint: String,
    /// The cache's folder.
    pub cache: PathBuf,
    /// A token for models that are not public.
    pub token: Option<String>,
    /// Take what is in the cache, without any request.
    pub offline: bool,
    /// How long a host may be silent; also the time over which it must send 1,024 bytes a second.
    pub silence_max: Duration,
}

/// A model on a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubModel {
    name: String,
    revision: String,
}

impl HubModel {
    /// Reads `OWNER/NAME` or `OWNER/NAME@REVISION`; without a revision it is `main`. The hub's oldest models have a name
    /// without owner, such as `bert-base-chinese`, and the hub redirects it.
    ///
    /// # Errors
    /// Where the text is nothing of that kind; names become paths, so they may hold nothing but letters, digits and `._-`.
    pub fn parse(text: &str) -> Result<Self> {
        let (name, revision) = text.split_once('@').unwrap_or((text, "main"));
        let plain = |part: &str| {
            let allowed = part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
            allowed && !part.is_empty() && part.len() <= 96 && !part.starts_with('.')
        };
        if name.split('/').count() <= 2 && name.split('/').chain(revision.split('/')).all(plain) {
            return Ok(Self { name: name.to_owned(), revision: revision.to_owned() });
        }
        let reason = "expected OWNER/NAME, NAME or OWNER/NAME@REVISION".to_owned();
        Err(Error::Hub { model: crate::message::shortened(text), reason })
    }

    /// The revision as one part of an address.
    fn escaped_revision(&self) -> String {
        self.revision.replace('/', "%2F")
    }

    fn error(&self, reason: &dyn Display) -> Error {
        Error::Hub {
            model: format!("{}@{}", self.name, self.revision),
            reason: crate::message::shortened(&reason.to_string()),
        }
    }
}

/// Brings a model's configuration, weights and tokenizer into the cache; returns the folder they stand in, fit for
/// [`crate::open_hf`].
///
/// # Errors
/// Where the hub cannot be reached or does not have the model, a checksum does not fit, or, offline, the cache does not
/// hold it.
pub fn fetch(model: &HubModel, options: &HubOptions, progress: &dyn Progress) -> Result<PathBuf> {
    let cache = ModelCache::new(&options.cache, &model.name);
    if options.offline {
        let folder = cache.commit_of(&model.revision).map(|commit| cache.snapshot(&commit));
        let folder = folder.filter(|folder| folder.join("config.json").exists());
        return folder.ok_or_else(|| model.error(&"not in the cache, and offline the hub is not queried"));
    }
    let client = Client::new(&options.endpoint, options.token.as_deref(), options.silence_max);
    Download { model, cache, client, silence_max: options.silence_max, progress }.all()
}

struct Download<'a> {
    model: &'a HubModel,
    cache: ModelCache,
    client: Client,
    silence_max: Duration,
    progress: &'a dyn Progress,
}

impl Download<'_> {
    fn all(&self) -> Result<PathBuf> {
        let (commit, there) = self.listing()?;
        self.file("config.json", &commit)?;
        for name in TOKENIZER_FILES.iter().filter(|name| there.contains(**name)) {
            self.file(name, &commit)?;
        }
        let forms =
            ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];
        let form = forms.into_iter().find(|form| there.contains(*form));
        let form = form.ok_or_else(|| self.model.error(&"holds no weights as safetensors or PyTorch files"))?;
        let path = self.file(form, &commit)?;
        if form.ends_with(".index.json") {
            for shard in shards(&path)? {
                self.file(&shard, &commit)?;
            }
        }
        Ok(self.cache.snapshot(&commit))
    }

    /// The commit that the revision stands for now, and the names of its files.
    fn listing(&self) -> Result<(String, BTreeSet<String>)> {
        let path = format!("api/models/{}/revision/{}", self.model.name, self.model.escaped_revision());
        let listing = self.client.json(&self.client.url(&path)).map_err(|reason| self.model.error(&reason))?;
        let commit = listing["sha"].as_str().filter(|commit| is_hex(commit, 40));
        let commit = commit.ok_or_else(|| self.model.error(&"the hub names a revision that is no hash"))?;
        let files = listing["siblings"].as_array().map_or(&[][..], Vec::as_slice);
        let names = files.iter().filter_map(|file| file["rfilename"].as_str().map(str::to_owned)).collect();
        Ok((commit.to_owned(), names))
    }

    /// One file, from the cache where it is there already, in the folder of the given commit.
    fn file(&self, name: &str, commit: &str) -> Result<PathBuf> {
        if self.progress.cancelled() {
            return Err(Error::Interrupted);
        }
        let error = |problem: &dyn Display| self.model.error(&format!("{name}: {problem}"));
        let place = self.cache.snapshot(commit).join(name);
        if place.exists() {
            return Ok(place);
        }
        let path = format!("{}/resolve/{}/{name}", self.model.name, self.model.escaped_revision());
        let url = self.client.url(&path);
        let info = self.client.file_info(&url).map_err(|reason| error(&reason))?;
        if info.commit != commit {
            return Err(error(&"the hub gives a file of another revision"));
        }
        if info.bytes > SMALL_BYTES_MAX && !is_weights(name) {
            return Err(error(&format!("expected at most {SMALL_BYTES_MAX} bytes, found {}", info.bytes)));
        }
        let mut part = self.cache.part(&info.checksum).map_err(|problem| error(&problem))?;
        self.progress.begin(name, Some(info.bytes), "bytes");
        self.download(&url, &info, &mut part).map_err(|problem| match problem {
            Stopped::Interrupted => Error::Interrupted,
            Stopped::Failed(reason) => error(&reason),
        })?;
        self.progress.end();
        let found = checksum(&part.path, info.checksum.len()).map_err(Error::io(&part.path))?;
        if found != info.checksum {
            std::fs::remove_file(&part.path).map_err(Error::io(&part.path))?;
            return Err(error(&format!("its checksum is {found}, the hub says {}; deleted", info.checksum)));
        }
        let kept = self.cache.keep(&part, &info.checksum, name, commit, &self.model.revision);
        kept.map_err(|problem| error(&problem))?;
        Ok(place)
    }

    /// Fetches what the part still lacks, again where the connection breaks.
    fn download(&self, url: &str, info: &FileInfo, part: &mut Part) -> std::result::Result<(), Stopped> {
        let mut tries = 0;
        loop {
            match self.resume(url, info, part) {
                Err(Stopped::Failed(_)) if tries < RETRIES_MAX => {
                    std::thread::sleep((self.silence_max / RETRY_PART) * (1 << tries));
                    tries += 1;
                }
                result => return result,
            }
        }
    }

    fn resume(&self, url: &str, info: &FileInfo, part: &mut Part) -> std::result::Result<(), Stopped> {
        let mut start = part.file.metadata()?.len();
        if start == info.bytes {
            return Ok(());
        }
        if start > info.bytes {
            part.file.set_len(0)?;
            start = 0;
        }
        let (mut body, partial) = self.client.read_from(url, start).map_err(Stopped::Failed)?;
        if !partial {
            part.file.set_len(0)?;
        } else if start > 0 {
            self.progress.advance(start);
        }
        let start = if partial { start } else { 0 };
        let length = start + self.copy(&mut body, info.bytes - start, &mut part.file)?;
        if length == info.bytes {
            Ok(())
        } else {
            Err(Stopped::Failed(format!("{length} of {} bytes came", info.bytes)))
        }
    }

    /// Writes what a host sends, which is at most `bytes_max` and comes at some speed; returns how much came.
    fn copy(
        &self,
        body: &mut impl Read,
        bytes_max: u64,
        file: &mut std::fs::File,
    ) -> std::result::Result<u64, Stopped> {
        let mut buffer = vec![0; 1 << 16];
        let (mut came, mut since, mut came_before) = (0, Instant::now(), 0);
        loop {
            if self.progress.cancelled() {
                return Err(Stopped::Interrupted);
            }
            let count = body.read(&mut buffer)? as u64;
            if count == 0 {
                return Ok(came);
            }
            came += count;
            if came > bytes_max {
                return Err(Stopped::Failed(format!("more came than the {bytes_max} bytes that were asked for")));
            }
            file.write_all(&buffer[..count as usize])?;
            self.progress.advance(count);
            if since.elapsed() >= self.silence_max {
                if ((came - came_before) as f64) < SPEED_MIN * since.elapsed().as_secs_f64() {
                    return Err(Stopped::Failed(format!("fewer than {SPEED_MIN} bytes a second came")));
                }
                (since, came_before) = (Instant::now(), came);
            }
        }
    }
}

fn is_weights(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "safetensors" || extension == "bin")
}

/// Why a download ended early.
enum Stopped {
    Interrupted,
    Failed(String),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

fn shards(index: &Path) -> Result<BTreeSet<String>> {
    let malformed = || Error::malformed(index, "shard index", "expected a weight_map of tensors and files");
    let index_json: Value = serde_json::from_slice(&read_small(index, 16 << 20)?).map_err(|_| malformed())?;
    let map = index_json["weight_map"].as_object().ok_or_else(malformed)?;
    let names: Option<BTreeSet<String>> = map.values().map(|name| name.as_str().map(str::to_owned)).collect();
    let names = names.ok_or_else(malformed)?;
    names.iter().try_for_each(|name| check_plain(index, name))?;
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        assert_eq!(
            HubModel::parse("a/b-c.d").unwrap(),
            HubModel { name: "a/b-c.d".to_owned(), revision: "main".to_owned() }
        );
        assert_eq!(HubModel::parse("a/b@refs/pr/1").unwrap().revision, "refs/pr/1");
        assert_eq!(HubModel::parse("bert-base-chinese@v1").unwrap().name, "bert-base-chinese");
        for text in [
            "",
            "a/b/c",
            "..",
            "@main",
            "../b",
            "a/..",
            "a/b@",
            "a/b@../../x",
            "中/文",
            "a/😀",
            "e\u{301}/b",
            "א/ב",
            "a b/c",
            "a//b",
            "/b",
        ] {
            assert!(HubModel::parse(text).is_err(), "{text:?}");
        }
    }
}
