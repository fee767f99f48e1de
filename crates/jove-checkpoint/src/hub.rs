//! Models from a hub that speaks Hugging Face's protocol.
//!
//! Files land in the cache that Hugging Face's own tools share. A download that broke off goes on where it stopped, and
//! every file is checked against the checksum that the hub gives: SHA-256 of large files, git's hash of small ones.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::Read;
use std::path::{Path, PathBuf};

use hf_hub::api::sync::{Api, ApiBuilder, ApiRepo};
use hf_hub::{Cache, Repo, RepoType};
use jove_core::Progress;
use serde_json::Value;
use sha2::Digest;

use crate::folder::{TOKENIZER_FILES, check_plain, read_small};
use crate::{Error, Result};

/// Where models come from and where they are kept.
#[derive(Clone, Debug)]
pub struct HubOptions {
    /// The hub's address, such as `https://huggingface.co`.
    pub endpoint: String,
    /// The cache's folder.
    pub cache: PathBuf,
    /// A token for models that are not public.
    pub token: Option<String>,
    /// Ask nobody: take what is in the cache.
    pub offline: bool,
}

/// A model on a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubModel {
    name: String,
    revision: String,
}

impl HubModel {
    /// Reads `OWNER/NAME` or `OWNER/NAME@REVISION`; without a revision it is `main`.
    ///
    /// # Errors
    /// Where the text is nothing of that kind; names become paths, so they may hold nothing but letters, digits and `._-`.
    pub fn parse(text: &str) -> Result<Self> {
        let (name, revision) = text.split_once('@').unwrap_or((text, "main"));
        let plain = |part: &str| {
            let allowed = part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
            allowed && !part.is_empty() && part.len() <= 96 && !part.starts_with('.')
        };
        if name.split('/').count() == 2 && name.split('/').chain(revision.split('/')).all(plain) {
            return Ok(Self { name: name.to_owned(), revision: revision.to_owned() });
        }
        let reason = "expected OWNER/NAME or OWNER/NAME@REVISION".to_owned();
        Err(Error::Hub { model: crate::error::shortened(text), reason })
    }

    fn repo(&self) -> Repo {
        Repo::with_revision(self.name.clone(), RepoType::Model, self.revision.clone())
    }

    fn error(&self, reason: &dyn Display) -> Error {
        Error::Hub {
            model: format!("{}@{}", self.name, self.revision),
            reason: crate::error::shortened(&reason.to_string()),
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
    let cache = Cache::new(options.cache.clone());
    if options.offline {
        let config = cache.repo(model.repo()).get("config.json");
        let folder = config.as_deref().and_then(Path::parent).map(Path::to_owned);
        return folder.ok_or_else(|| model.error(&"not in the cache, and the hub is not asked when offline"));
    }
    let builder = ApiBuilder::from_cache(cache.clone()).with_endpoint(options.endpoint.clone());
    let api = builder.with_token(options.token.clone()).with_progress(false).with_retries(3).build();
    let api = api.map_err(|error| model.error(&error))?;
    let download = Download { model, cache, repo: api.repo(model.repo()), api, progress };
    download.all()
}

struct Download<'a> {
    model: &'a HubModel,
    cache: Cache,
    api: Api,
    repo: ApiRepo,
    progress: &'a dyn Progress,
}

impl Download<'_> {
    fn all(&self) -> Result<PathBuf> {
        let info = self.repo.info().map_err(|error| self.model.error(&error))?;
        if !is_hex(&info.sha, 40) {
            return Err(self.model.error(&"the hub names a revision that is no hash"));
        }
        let there: BTreeSet<&str> = info.siblings.iter().map(|sibling| sibling.rfilename.as_str()).collect();
        let config = self.file("config.json", &info.sha)?;
        for name in TOKENIZER_FILES.iter().filter(|name| there.contains(*name)) {
            self.file(name, &info.sha)?;
        }
        let forms =
            ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];
        let form = forms.into_iter().find(|form| there.contains(form));
        let form = form.ok_or_else(|| self.model.error(&"holds no weights as safetensors or PyTorch files"))?;
        let path = self.file(form, &info.sha)?;
        if form.ends_with(".index.json") {
            for shard in shards(&path)? {
                self.file(&shard, &info.sha)?;
            }
        }
        Ok(config.parent().expect("a file in the cache has a folder").to_owned())
    }

    /// One file, from the cache where it is there already, in the folder of the given commit.
    fn file(&self, name: &str, commit: &str) -> Result<PathBuf> {
        if self.progress.cancelled() {
            return Err(Error::Interrupted);
        }
        let error = |problem: &dyn Display| self.model.error(&format!("{name}: {problem}"));
        let place = self.cache.repo(self.model.repo()).pointer_path(commit).join(name);
        if place.exists() {
            return Ok(place);
        }
        // What the hub says becomes part of paths, so it is looked at first.
        let about = self.api.metadata(&self.repo.url(name)).map_err(|problem| error(&problem))?;
        let sound = is_hex(about.etag(), 40) || is_hex(about.etag(), 64);
        if !sound || about.commit_hash() != commit {
            return Err(error(&"the hub gives no checksum, or one of another revision"));
        }
        self.progress.begin(name, Some(about.size() as u64), "bytes");
        let path = self.repo.download_with_progress(name, Bar(self.progress)).map_err(|problem| error(&problem))?;
        self.progress.end();
        let found = checksum(&path, about.etag().len())?;
        if found != about.etag() {
            let blob = std::fs::canonicalize(&path).map_err(Error::io(&path))?;
            std::fs::remove_file(&path).map_err(Error::io(&path))?;
            std::fs::remove_file(&blob).map_err(Error::io(&blob))?;
            return Err(error(&format!("its checksum is {found}, the hub says {}; thrown away", about.etag())));
        }
        Ok(path)
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

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// SHA-256 in hex where that has 64 digits, else the hash that git gives a file.
fn checksum(path: &Path, digits: usize) -> Result<String> {
    let mut file = std::fs::File::open(path).map_err(Error::io(path))?;
    let length = file.metadata().map_err(Error::io(path))?.len();
    let (mut sha256, mut git) = (sha2::Sha256::new(), sha1::Sha1::new());
    git.update(format!("blob {length}\0"));
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer).map_err(Error::io(path))?;
        match (count, digits) {
            (0, 64) => return Ok(hex(&sha256.finalize())),
            (0, _) => return Ok(hex(&git.finalize())),
            (_, 64) => sha256.update(&buffer[..count]),
            _ => git.update(&buffer[..count]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).expect("a nibble is a digit");
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Our progress as the hub's client knows it.
struct Bar<'a>(&'a dyn Progress);

impl hf_hub::api::Progress for Bar<'_> {
    fn init(&mut self, _size: usize, _filename: &str) {}

    fn update(&mut self, size: usize) {
        self.0.advance(size as u64);
    }

    fn finish(&mut self) {}
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
        for text in [
            "",
            "a",
            "a/b/c",
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
