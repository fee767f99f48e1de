//! A file that is made when there is something to write.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::destination::Destination;
use crate::kind::Kind;

/// Lines that may never come, such as bad rows. The file is made with the first one, is written as they come, and stays
/// where the work ends in an error: it is what the user needs then.
#[derive(Debug)]
pub struct LateOutput {
    path: PathBuf,
    state: State,
}

#[derive(Debug)]
enum State {
    Waiting(PathBuf, Option<Permissions>),
    Open(BufWriter<File>),
}

impl LateOutput {
    /// Forgets the file of an earlier run, if it is of this `kind`.
    ///
    /// # Errors
    /// As [`crate::Output::create`]; nothing has been removed then.
    pub fn new(path: &Path, kind: Kind) -> io::Result<Self> {
        let state = match Destination::find(path, kind)? {
            Destination::Stream(file) => State::Open(BufWriter::new(file)),
            Destination::Regular(place) => match fs::metadata(&place) {
                Ok(old) => {
                    fs::remove_file(&place)?;
                    State::Waiting(place, Some(old.permissions()))
                }
                Err(_) => State::Waiting(place, None),
            },
        };
        Ok(Self { path: path.to_owned(), state })
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line.
    ///
    /// # Errors
    /// Where the file cannot be made or written.
    pub fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        if let State::Waiting(place, permissions) = &self.state {
            // Whatever has appeared there since is not ours.
            let file = OpenOptions::new().write(true).create_new(true).open(place)?;
            if let Some(permissions) = permissions {
                file.set_permissions(permissions.clone())?;
            }
            self.state = State::Open(BufWriter::new(file));
        }
        let State::Open(file) = &mut self.state else { return Ok(()) };
        file.write_all(line)?;
        file.write_all(b"\n")
    }

    /// Hands what was written to the system.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        match &mut self.state {
            State::Open(file) => file.flush(),
            State::Waiting(..) => Ok(()),
        }
    }
}
