//! Starts the command in a folder of its own, and shows what came out.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A folder with files, in which the command is started.
pub(crate) struct Folder(tempfile::TempDir);

/// What came out of a run.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit status; none where a signal ended it.
    pub(crate) status: Option<i32>,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Ended {
    /// Panics with everything that was written unless the status is `status`.
    #[track_caller]
    pub(crate) fn expect(self, status: i32) -> Ended {
        assert_eq!(self.status, Some(status), "{self:#?}");
        self
    }

    /// Panics unless standard error has all of `words`.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Ended {
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in {self:#?}");
        }
        self
    }
}

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder(tempfile::tempdir().expect("there is room for a folder"))
    }

    /// A folder with one file.
    pub(crate) fn with(name: &str, contents: impl AsRef<[u8]>) -> Folder {
        let folder = Folder::new();
        folder.write(name, contents);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).expect("there is room for a folder");
        }
        std::fs::write(path, contents).expect("there is room for a file");
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect("the file is there")
    }

    /// The command with `arguments`, started here, with no configuration and no cache of this user's.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_under(&[], arguments)
    }

    /// As [`Folder::command`], started by a program that becomes it, with that program's own arguments.
    pub(crate) fn command_under(&self, starter: &[&str], arguments: &[&str]) -> Command {
        let mut words = [starter, &[env!("CARGO_BIN_EXE_silica")], arguments]
            .concat()
            .into_iter();
        let mut command = Command::new(words.next().expect("the command itself is a word"));
        command
            .args(words)
            .current_dir(self.0.path())
            .env("SILICA_CONFIG", "")
            .env("SILICA_CACHE", "")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn silica(&self, arguments: &[&str]) -> Ended {
        finish(start(&mut self.command(arguments)))
    }

    pub(crate) fn silica_with_input(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Ended {
        let mut child = start(self.command(arguments).stdin(Stdio::piped()));
        let mut stdin = child.stdin.take().expect("it was asked for");
        let input = input.as_ref().to_vec();
        // Beside the reading of what it writes, so that neither waits for the other.
        let writer = std::thread::spawn(move || {
            // A command that reads nothing may be gone already.
            let _ = stdin.write_all(&input);
        });
        let ended = finish(child);
        writer.join().expect("it does not panic");
        ended
    }
}

pub(crate) fn start(command: &mut Command) -> Child {
    command.spawn().expect("the command was built")
}

pub(crate) fn finish(child: Child) -> Ended {
    let output = child.wait_with_output().expect("it was started");
    Ended {
        status: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A program that writes `hello` and a newline.
pub(crate) const HELLO: &str = r#"(module $hello
    (import "wasi_snapshot_preview1" "fd_write"
        (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 8) "\10\00\00\00\06\00\00\00hello\n")
    (func (export "_start")
        (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))))"#;
