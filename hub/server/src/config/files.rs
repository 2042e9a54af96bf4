//! The files of a configuration folder. Reads text and permissions, nothing else; faults are told by paths below the folder.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use adapters_sdk::config::{Place, Problem, Problems, Table};
use hub_model::{LocalText, local};

/// A larger file is refused: it is no configuration.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// So many bytes tell what kind of picture a file is.
const HEAD_BYTES: u64 = 16;

/// A configuration folder.
pub(super) struct Files {
    dir: PathBuf,
    /// A file below the folder that is read as if it held this text.
    instead: Option<(String, String)>,
}

/// The tables of a subfolder.
pub struct Tables {
    /// Each file that could be read, in the order of names.
    pub read: Vec<Table>,
    /// Whether another one could not: then a missing name is no fault of whoever uses it.
    pub some_faulty: bool,
}

impl Files {
    /// The folder, when it is one.
    pub(super) fn open(dir: &Path, problems: &mut Problems) -> Option<Self> {
        if dir.is_dir() {
            return Some(Self { dir: dir.to_owned(), instead: None });
        }
        let message = match dir.exists() {
            true => local!(
                "không phải thư mục; ở đây cần thư mục chứa hub.toml",
                "is no folder; it should hold hub.toml"
            ),
            false => local!(
                "không có thư mục này; ở đây cần thư mục chứa hub.toml",
                "there is no such folder; it should hold hub.toml"
            ),
        };
        problems.error(about_file(&dir.display().to_string(), message));
        None
    }

    /// The same, but for one file that holds another text.
    pub(super) fn with(self, file: &str, text: &str) -> Self {
        Self { instead: Some((file.to_owned(), text.to_owned())), ..self }
    }

    /// The names of the `*.toml` in the subfolder `folder`, with it; hidden files are left alone.
    pub(super) fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        Ok(names(&self.dir.join(folder))?.into_iter().map(|name| format!("{folder}/{name}")).collect())
    }

    /// One file, which must be there.
    pub(super) fn table(&self, file: &str, problems: &mut Problems) -> Option<Table> {
        match self.text(file) {
            Ok(text) => Table::parse(file, &text, problems),
            Err(error) => {
                problems.error(about_file(file, unreadable(&error)));
                None
            }
        }
    }

    /// Every `*.toml` of the subfolder `folder`; none when there is no such folder. Hidden files are left alone.
    pub(super) fn tables(&self, folder: &str, problems: &mut Problems) -> Tables {
        let mut tables = Tables { read: Vec::new(), some_faulty: false };
        let files = match self.list(folder) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return tables,
            Err(error) => {
                problems.error(about_file(folder, unreadable(&error)));
                tables.some_faulty = true;
                return tables;
            }
        };
        for file in files {
            match self.table(&file, problems) {
                Some(table) => tables.read.push(table),
                None => tables.some_faulty = true,
            }
        }
        tables
    }

    /// The text of a file; a relative name is below the folder.
    pub(super) fn text(&self, file: &str) -> io::Result<String> {
        if let Some((_, text)) = self.instead.as_ref().filter(|(name, _)| name == file) {
            return Ok(text.clone());
        }
        let path = self.dir.join(file);
        // Asked before it is opened: a pipe would keep us waiting for whoever writes to it, a device might never end.
        let found = fs::metadata(&path)?;
        if found.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !found.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a pipe, a socket or a device, allowed: a file",
            ));
        }
        let too_large =
            || io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {MAX_FILE_BYTES} bytes"));
        if found.len() > MAX_FILE_BYTES {
            return Err(too_large());
        }
        let mut text = String::new();
        // One byte more shows that it is too large, whatever its size was said to be.
        fs::File::open(&path)?.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
        if text.len() as u64 > MAX_FILE_BYTES {
            return Err(too_large());
        }
        Ok(text)
    }

    /// The first bytes of a file, enough to tell what it is, and its length.
    pub(super) fn head(&self, file: &str) -> io::Result<(Vec<u8>, u64)> {
        let path = self.dir.join(file);
        let found = fs::metadata(&path)?;
        // Asked before it is opened, as in `text`.
        if !found.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no file"));
        }
        let mut head = Vec::new();
        fs::File::open(&path)?.take(HEAD_BYTES).read_to_end(&mut head)?;
        Ok((head, found.len()))
    }

    /// Where a file is; a relative name is below the folder.
    pub(super) fn path(&self, file: &Path) -> PathBuf {
        self.dir.join(file)
    }

    /// The file's permissions when others than its owner may read it.
    pub(super) fn open_mode(&self, file: &str) -> Option<u32> {
        let mode = fs::metadata(self.dir.join(file)).ok()?.permissions().mode() & 0o777;
        (mode & 0o077 != 0).then_some(mode)
    }
}

/// Why a file cannot be had, after "which"; what the system says seldom stays English.
pub(super) fn unreadable(error: &io::Error) -> LocalText {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "không có tệp này".to_owned(),
        io::ErrorKind::PermissionDenied => "máy chủ của xã không có quyền đọc".to_owned(),
        io::ErrorKind::IsADirectory => "đây là thư mục".to_owned(),
        io::ErrorKind::InvalidInput => "đây không phải tệp thường".to_owned(),
        io::ErrorKind::FileTooLarge => format!("lớn hơn {MAX_FILE_BYTES} byte"),
        io::ErrorKind::InvalidData => "không phải văn bản UTF-8".to_owned(),
        _ => error.to_string(),
    };
    local!("không đọc được: {why}", "cannot be read: {error}")
}

/// A fault or warning of a file as a whole.
pub(super) fn about_file(file: &str, message: impl Into<LocalText>) -> Problem {
    Problem { place: Place { file: file.into(), line: 0 }, key: String::new(), message: message.into() }
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".toml") && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
