//! The kit in a project: a copy of the files that this command carries, with a record of them.
//!
//! The record tells an author's changes from files of an older kit. It is a list of hashes as
//! `sha256sum` writes them, so `sha256sum --check` reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use include_dir::Dir;
use whittle_host::Sha256;

/// The record's name in the kit.
pub(crate) const RECORD: &str = "SHA256SUMS";

/// The files of a kit, by their paths in it.
#[derive(Debug)]
pub(crate) struct Kit(BTreeMap<String, &'static [u8]>);

/// What differs between the kit of a project and that of this command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Differences {
    /// The files to write or to remove.
    pub(crate) outdated: BTreeMap<String, Change>,
    /// Those of them that the author has changed.
    pub(crate) conflicts: BTreeSet<String>,
    /// Files that the author has changed, and that are not outdated.
    pub(crate) kept: BTreeSet<String>,
    /// Whether the project has a record of its kit.
    pub(crate) recorded: bool,
}

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Added,
    Changed,
    Removed,
}

impl Differences {
    /// Counts the files that the author has changed as outdated.
    pub(crate) fn discard_changes(&mut self) {
        let kept = std::mem::take(&mut self.kept).into_iter();
        self.outdated
            .extend(kept.map(|path| (path, Change::Changed)));
    }
}

impl Kit {
    pub(crate) fn new(folder: &'static Dir<'static>) -> Self {
        let mut files = BTreeMap::new();
        collect(folder, "", &mut files);
        Self(files)
    }

    /// How many of its files a directory has, whatever is in them.
    pub(crate) fn files_in(&self, folder: &Path) -> usize {
        let paths = self.0.keys();
        paths.filter(|path| folder.join(path).is_file()).count()
    }

    /// Compares a project's kit with this one.
    pub(crate) fn differences(&self, folder: &Path) -> Result<Differences> {
        let record = read_record(folder)?;
        let mut differences = Differences {
            recorded: record.is_some(),
            ..Differences::default()
        };
        let record = record.unwrap_or_default();
        for path in self.0.keys().chain(record.keys()) {
            let new = self.0.get(path).copied();
            let (place, recorded) = (folder.join(path), record.get(path));
            let current =
                if_exists(fs::read(&place)).with_context(|| place.display().to_string())?;
            let change = match (new, &current) {
                (Some(new), Some(current)) if new == current.as_slice() => continue,
                (None, None) => continue,
                (Some(_), None) => Change::Added,
                (Some(_), Some(_)) => Change::Changed,
                (None, Some(_)) => Change::Removed,
            };
            let hash = |bytes: &[u8]| Sha256::of(bytes).to_string();
            let is_changed = current.is_some_and(|current| recorded != Some(&hash(&current)));
            if is_changed && recorded.is_some() && recorded == new.map(hash).as_ref() {
                differences.kept.insert(path.clone());
                continue;
            }
            if is_changed {
                differences.conflicts.insert(path.clone());
            }
            differences.outdated.insert(path.clone(), change);
        }
        Ok(differences)
    }

    /// Writes and removes files, then the record.
    pub(crate) fn write(&self, folder: &Path, outdated: &BTreeMap<String, Change>) -> Result<()> {
        for path in outdated.keys() {
            let place = folder.join(path);
            let done = match self.0.get(path) {
                Some(bytes) => write(&place, bytes),
                None => fs::remove_file(&place),
            };
            done.with_context(|| place.display().to_string())?;
        }
        let version = env!("CARGO_PKG_VERSION");
        let mut record = format!(
            "# The files of this kit, of whittle {version}. `whittle upgrade` renews those that you have not changed.\n"
        );
        for (path, bytes) in &self.0 {
            record.push_str(&format!("{}  {path}\n", Sha256::of(bytes)));
        }
        let place = folder.join(RECORD);
        if if_exists(fs::read_to_string(&place))
            .ok()
            .flatten()
            .as_ref()
            == Some(&record)
        {
            return Ok(());
        }
        write(&place, record.as_bytes()).with_context(|| place.display().to_string())
    }

    /// Writes all files and the record into a new project.
    pub(crate) fn create(&self, folder: &Path) -> Result<()> {
        let all = self.0.keys().map(|path| (path.clone(), Change::Added));
        self.write(folder, &all.collect())
    }
}

/// What is wrong with the kit of a project that could not be built, and what to do; `None` if it is
/// as it was written, or the project has no copy of it.
pub(crate) fn damage(dir: &Path) -> Option<String> {
    let (folder, shown) = (dir.join("kit"), dir.display());
    if !folder.exists() {
        return needs_kit(dir).then(|| {
            format!(
                "the kit is missing: restore its directory `kit` with `whittle upgrade {shown}`"
            )
        });
    }
    let record = read_record(&folder).ok()??;
    let list = |paths: &[&String]| {
        let names: Vec<String> = paths.iter().map(|path| format!("kit/{path}")).collect();
        match names.len() {
            4.. => format!("{} and {} more", names[..3].join(", "), names.len() - 3),
            _ => names.join(", "),
        }
    };
    let found = record.iter().map(|(path, hash)| {
        let bytes = fs::read(folder.join(path)).ok();
        (
            path,
            bytes.map(|bytes| Sha256::of(&bytes).to_string() == *hash),
        )
    });
    let found: Vec<_> = found.collect();
    let of = |state: Option<bool>| {
        let paths = found.iter().filter(|(_, found)| *found == state);
        paths.map(|(path, _)| *path).collect::<Vec<_>>()
    };
    let (lost, changed) = (of(None), of(Some(false)));
    if !lost.is_empty() {
        let lost = list(&lost);
        return Some(format!(
            "the kit lacks {lost}: restore it with `whittle upgrade {shown}`"
        ));
    }
    (!changed.is_empty()).then(|| {
        let changed = list(&changed);
        format!(
            "the kit was changed in {changed}: if that is a mistake, restore it with `whittle \
             upgrade {shown} --force`"
        )
    })
}

/// Whether a project without a directory `kit` names it in the files that tools read.
pub(crate) fn needs_kit(dir: &Path) -> bool {
    let files = [
        "Cargo.toml",
        "go.mod",
        "asconfig.json",
        "package.json",
        "pyproject.toml",
        "Makefile",
    ];
    files.iter().any(|file| {
        let text = fs::read_to_string(dir.join(file)).unwrap_or_default();
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .any(|word| word == "kit")
    })
}

fn collect(
    folder: &'static Dir<'static>,
    above: &str,
    files: &mut BTreeMap<String, &'static [u8]>,
) {
    let name = |path: &'static Path| {
        let name = path.file_name().and_then(|name| name.to_str());
        format!("{above}{}", name.unwrap_or_default())
    };
    for file in folder.files() {
        files.insert(name(file.path()), file.contents());
    }
    for inner in folder.dirs() {
        collect(inner, &(name(inner.path()) + "/"), files);
    }
}

/// The hashes of the files that were last written, by their paths.
fn read_record(folder: &Path) -> Result<Option<BTreeMap<String, String>>> {
    let place = folder.join(RECORD);
    let text = if_exists(fs::read(&place)).with_context(|| place.display().to_string())?;
    // Of a broken record nothing is known: then all changes count as the author's.
    let read = |text: Vec<u8>| {
        let text = String::from_utf8_lossy(&text);
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let files = lines.filter_map(|line| line.split_once("  "));
        // A record is a file like others: nothing outside of the kit is touched.
        let files = files.filter(|(_, path)| is_inside(path));
        files
            .map(|(hash, path)| (path.to_owned(), hash.to_owned()))
            .collect()
    };
    Ok(text.map(read))
}

fn is_inside(path: &str) -> bool {
    use std::path::Component;
    let mut parts = Path::new(path).components();
    parts.all(|part| matches!(part, Component::Normal(_)))
}

fn if_exists<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kit(files: &[(&str, &'static str)]) -> Kit {
        let files = files.iter();
        Kit(files
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes()))
            .collect())
    }

    #[test]
    fn tells_outdated_files_from_those_that_the_author_changed() {
        let folder = tempfile::tempdir().expect("a directory");
        let old = [
            ("same", "1"),
            ("a/old", "1"),
            ("gone", "1"),
            ("mine", "1"),
            ("both", "1"),
        ];
        kit(&old).create(folder.path()).expect("written");
        for path in ["mine", "both", "of-the-author"] {
            fs::write(folder.path().join(path), "author").expect("written");
        }
        let new = kit(&[
            ("same", "1"),
            ("a/old", "2"),
            ("mine", "1"),
            ("both", "2"),
            ("new", "1"),
        ]);
        let found = new.differences(folder.path()).expect("it can be read");
        let outdated = [
            ("a/old", Change::Changed),
            ("both", Change::Changed),
            ("gone", Change::Removed),
            ("new", Change::Added),
        ];
        let outdated = outdated.map(|(path, change)| (path.to_owned(), change));
        let expected = Differences {
            outdated: outdated.into(),
            conflicts: ["both".to_owned()].into(),
            kept: ["mine".to_owned()].into(),
            recorded: true,
        };
        assert_eq!(found, expected);

        new.write(folder.path(), &found.outdated).expect("written");
        let after = new.differences(folder.path()).expect("it can be read");
        let expected = Differences {
            kept: expected.kept,
            recorded: true,
            ..Differences::default()
        };
        assert_eq!(after, expected);
        assert!(folder.path().join("of-the-author").exists());
        assert!(!folder.path().join("gone").exists());

        let mut found = after;
        found.discard_changes();
        new.write(folder.path(), &found.outdated).expect("written");
        let restored = new.differences(folder.path()).expect("it can be read");
        let expected = Differences {
            recorded: true,
            ..Differences::default()
        };
        assert_eq!(restored, expected);
    }

    #[test]
    fn with_a_broken_record_all_changes_count_as_the_authors() {
        let folder = tempfile::tempdir().expect("a directory");
        kit(&[("a", "old")]).create(folder.path()).expect("written");
        fs::write(folder.path().join(RECORD), [0xff, 0xfe]).expect("written");
        let found = kit(&[("a", "new")]).differences(folder.path());
        let found = found.expect("it can be read");
        assert_eq!(found.conflicts, ["a".to_owned()].into());
    }

    #[test]
    fn without_a_record_every_file_that_differs_may_be_the_authors() {
        let folder = tempfile::tempdir().expect("a directory");
        fs::write(folder.path().join("a"), "1").expect("written");
        fs::write(folder.path().join("b"), "1").expect("written");
        let new = kit(&[("a", "1"), ("b", "2")]);
        let found = new.differences(folder.path()).expect("it can be read");
        assert!(!found.recorded);
        assert_eq!(found.conflicts, ["b".to_owned()].into());
    }

    #[test]
    fn says_what_is_wrong_with_a_kit() {
        let folder = tempfile::tempdir().expect("a directory");
        let (dir, place) = (folder.path(), folder.path().join("kit"));
        let damage = || {
            let damage = damage(dir).unwrap_or_else(|| "nothing".to_owned());
            damage.replace(&dir.display().to_string(), "DIR")
        };
        insta::assert_snapshot!(damage(), @"nothing");
        fs::write(
            dir.join("go.mod"),
            "replace example.com/guests/kit => ./kit",
        )
        .expect("written");
        insta::assert_snapshot!(damage(), @"the kit is missing: restore its directory `kit` with `whittle upgrade DIR`");
        let files = [("a", "1"), ("b/c", "2"), ("d", "3"), ("e", "4"), ("f", "5")];
        kit(&files).create(&place).expect("written");
        insta::assert_snapshot!(damage(), @"nothing");
        fs::write(place.join("a"), "2").expect("written");
        insta::assert_snapshot!(damage(), @"the kit was changed in kit/a: if that is a mistake, restore it with `whittle upgrade DIR --force`");
        for file in ["b/c", "d", "e", "f"] {
            fs::remove_file(place.join(file)).expect("removed");
        }
        insta::assert_snapshot!(damage(), @"the kit lacks kit/b/c, kit/d, kit/e and 1 more: restore it with `whittle upgrade DIR`");
    }

    #[test]
    fn a_record_names_only_files_of_the_kit() {
        for (path, inside) in [
            ("a/b", true),
            ("../a", false),
            ("/a", false),
            ("a/../../b", false),
        ] {
            assert_eq!(is_inside(path), inside, "{path}");
        }
    }
}
