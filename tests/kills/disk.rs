//! A disk that can be filled.
//!
//! Who may mount gets a small file system, filled by a file beside the node's data. Others have the
//! system refuse to let the node's files grow, which the node meets at the same places.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use whittle_tests::Node;

/// The size of the file system.
const MEGABYTES: usize = 48;

#[derive(Debug)]
pub(crate) enum Disk {
    Mounted {
        at: PathBuf,
        filler: PathBuf,
    },
    /// The largest file that the node may write is limited.
    Limited,
}

impl Disk {
    /// Mounts one at a directory, which is created.
    pub(crate) fn at(directory: &Path) -> Self {
        fs::create_dir(directory).expect("there is room");
        let size = format!("size={MEGABYTES}m");
        let mounted = run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(directory));
        if mounted {
            Self::Mounted {
                at: directory.to_owned(),
                filler: directory.join("filler"),
            }
        } else {
            Self::Limited
        }
    }

    /// Takes the room that is left.
    pub(crate) fn fill(&self, node: &Node) {
        match self {
            Self::Mounted { filler, .. } => {
                let mut file = OpenOptions::new().create(true).append(true).open(filler);
                for length in [1 << 20, 1 << 12] {
                    let zeros = vec![0; length];
                    while let Ok(file) = &mut file
                        && file.write_all(&zeros).is_ok()
                    {}
                }
            }
            Self::Limited => limit(node, "0:unlimited"),
        }
    }

    /// Gives it back.
    pub(crate) fn free(&self, node: &Node) {
        match self {
            Self::Mounted { filler, .. } => {
                File::create(filler).expect("it can be emptied");
            }
            Self::Limited => limit(node, "unlimited:unlimited"),
        }
    }

    /// The room that is left, in bytes, if it is known.
    pub(crate) fn room(&self) -> Option<u64> {
        let Self::Mounted { at, .. } = self else {
            return None;
        };
        let df = Command::new("df")
            .args(["--block-size=1", "--output=avail"])
            .arg(at)
            .output()
            .expect("the command runs");
        let text = String::from_utf8(df.stdout).expect("text");
        let room = text.lines().nth(1).expect("a number").trim();
        Some(room.parse().expect("a number"))
    }

    /// Whether it stays full when the node is started again.
    pub(crate) fn stays_full(&self) -> bool {
        matches!(self, Self::Mounted { .. })
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Self::Mounted { at, .. } = self {
            // Lazily, since a node may not have ended yet.
            run(Command::new("umount").arg("--lazy").arg(at));
        }
    }
}

fn limit(node: &Node, bytes: &str) {
    let limited = run(Command::new("prlimit")
        .args(["--pid", &node.id().to_string()])
        .arg(format!("--fsize={bytes}")));
    assert!(limited, "prlimit failed: install util-linux");
}

fn run(command: &mut Command) -> bool {
    let silent = command.stdout(Stdio::null()).stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}
