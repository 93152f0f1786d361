//! `silica cache`, and what `run` does with compiled code that was kept.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{Ended, Folder, HELLO, finish, start};

/// The command with `arguments`, and a cache in the folder.
fn cached(folder: &Folder, arguments: &[&str]) -> Command {
    cached_at(folder, &folder.path("cache"), arguments)
}

fn cached_at(folder: &Folder, cache: &Path, arguments: &[&str]) -> Command {
    let mut command = folder.command(arguments);
    command.env("SILICA_CACHE", cache);
    command
}

fn run(folder: &Folder, arguments: &[&str]) -> Ended {
    finish(start(&mut cached(folder, arguments)))
}

#[track_caller]
fn says_hello(ended: Ended) {
    let ended = ended.expect(0);
    assert_eq!((&*ended.stdout, &*ended.stderr), ("hello\n", ""));
}

/// The files of the cache.
fn files(folder: &Folder) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.path("cache")).expect("there is a cache");
    entries
        .map(|entry| entry.expect("it is readable").path())
        .collect()
}

/// The one file of the cache.
#[track_caller]
fn entry(folder: &Folder) -> PathBuf {
    let mut files = files(folder);
    assert_eq!(files.len(), 1, "{files:?}");
    files.pop().expect("there is one")
}

/// A file that was written again is another.
fn identity(path: &Path) -> u64 {
    fs::metadata(path).expect("it is there").ino()
}

#[test]
fn code_is_kept_and_used_again() {
    let folder = Folder::with("hello.wat", HELLO);
    says_hello(run(&folder, &["hello.wat"]));
    let kept = entry(&folder);
    let before = identity(&kept);
    says_hello(run(&folder, &["hello.wat"]));
    assert_eq!(identity(&entry(&folder)), before);
    let others = |path: &Path| fs::metadata(path).expect("it is there").mode() & 0o077;
    assert_eq!((others(&folder.path("cache")), others(&kept)), (0, 0));
    // Other settings are another entry.
    says_hello(run(&folder, &["run", "--fuel", "1000", "hello.wat"]));
    assert_eq!(files(&folder).len(), 2);
    let listed = run(&folder, &["cache"]).expect(0).stdout;
    let hash = kept.file_name().expect("it has one").to_string_lossy()[..16].to_owned();
    assert_eq!(
        listed
            .lines()
            .filter(|line| line.starts_with(&hash))
            .count(),
        2
    );
    let size = run(&folder, &["cache", "size"]).expect(0).stdout;
    assert!(size.starts_with("2 entries, "), "{size}");
    let dir = run(&folder, &["cache", "dir"]).expect(0).stdout;
    assert_eq!(Path::new(dir.trim()), folder.path("cache"));
    let cleared = run(&folder, &["cache", "clear"]).expect(0).stdout;
    assert_eq!(
        (&*cleared, files(&folder).len()),
        ("2 entries removed\n", 0)
    );
    assert_eq!(run(&folder, &["cache", "list"]).expect(0).stdout, "");
}

#[test]
fn nothing_is_kept_where_it_is_not_wanted() {
    let folder = Folder::with("hello.wat", HELLO);
    says_hello(run(&folder, &["run", "--cache", "off", "hello.wat"]));
    says_hello(folder.silica(&["hello.wat"]));
    assert!(!folder.path("cache").exists());
    folder.silica(&["cache"]).expect(66).says(&["SILICA_CACHE"]);
    folder.write("config", "cache = off\n");
    let mut command = cached(&folder, &["hello.wat"]);
    command.env("SILICA_CONFIG", folder.path("config"));
    says_hello(finish(start(&mut command)));
    assert!(!folder.path("cache").exists());
}

#[test]
fn the_users_cache_is_where_such_things_are() {
    let folder = Folder::with("hello.wat", HELLO);
    let mut command = folder.command(&["hello.wat"]);
    command
        .env_remove("SILICA_CACHE")
        .env("HOME", folder.path("home"));
    says_hello(finish(start(command.env_remove("XDG_CACHE_HOME"))));
    assert!(folder.path("home/.cache/silica").is_dir());
    command.env("XDG_CACHE_HOME", folder.path("xdg"));
    says_hello(finish(start(&mut command)));
    assert!(folder.path("xdg/silica").is_dir());
}

#[test]
fn processes_that_start_at_once_share_a_cache() {
    let folder = Folder::with("hello.wat", HELLO);
    let children: Vec<_> = (0..6)
        .map(|_| start(&mut cached(&folder, &["hello.wat"])))
        .collect();
    for child in children {
        says_hello(finish(child));
    }
    let before = identity(&entry(&folder));
    says_hello(run(&folder, &["hello.wat"]));
    assert_eq!(identity(&entry(&folder)), before);
}

#[test]
fn damaged_entries_are_made_again() {
    damaged_entries_are_made_again_with(&["hello.wat"]);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn damaged_entries_of_what_was_called_are_made_again() {
    damaged_entries_are_made_again_with(&["run", "--tier", "auto", "hello.wat"]);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn what_was_called_is_kept_and_used_again() {
    let folder = Folder::with("hello.wat", HELLO);
    let line = ["run", "--tier", "auto", "--profile", "tiers", "hello.wat"];
    let first = run(&folder, &line).expect(0);
    assert_eq!(first.stdout, "hello\n");
    let compiled = |ended: &Ended| !ended.stderr.contains("silica: 0 functions were compiled");
    assert!(compiled(&first), "{}", first.stderr);
    let before = identity(&entry(&folder));
    let second = run(&folder, &line).expect(0);
    assert_eq!(second.stdout, "hello\n");
    assert!(!compiled(&second), "{}", second.stderr);
    assert_eq!(identity(&entry(&folder)), before);
    // What was compiled whole is better, and is found first.
    says_hello(run(&folder, &["run", "--tier", "optimize", "hello.wat"]));
    assert_eq!(files(&folder).len(), 2);
}

fn damaged_entries_are_made_again_with(line: &[&str]) {
    let folder = Folder::with("hello.wat", HELLO);
    says_hello(run(&folder, line));
    let path = entry(&folder);
    let good = fs::read(&path).expect("it is readable");
    let heal = |damaged: &[u8], what: &str| {
        fs::write(&path, damaged).expect("there is room");
        says_hello(run(&folder, line));
        assert!(
            fs::read(entry(&folder)).expect("it is readable") == good,
            "{what}"
        );
    };
    for length in [0, 8, 20, good.len() / 2, good.len() - 1] {
        heal(&good[..length], &format!("cut at {length}"));
    }
    for at in (0..good.len()).step_by(good.len() / 40 + 1) {
        let mut damaged = good.clone();
        damaged[at] ^= 0x10;
        heal(&damaged, &format!("byte {at} changed"));
    }
}

#[test]
fn an_entry_of_another_module_is_not_run() {
    let folder = Folder::with("hello.wat", HELLO);
    let other = HELLO.replace("hello\\n", "other\\n");
    folder.write("other.wat", other);
    let ended = run(&folder, &["other.wat"]);
    assert_eq!(ended.expect(0).stdout, "other\n");
    let image = fs::read(entry(&folder)).expect("it is readable");
    run(&folder, &["cache", "clear"]).expect(0);
    says_hello(run(&folder, &["hello.wat"]));
    fs::write(entry(&folder), image).expect("there is room");
    says_hello(run(&folder, &["hello.wat"]));
}

#[test]
fn a_cache_that_cannot_be_written_stops_nothing() {
    let folder = Folder::with("hello.wat", HELLO);
    folder.write("file", "no folder");
    fs::create_dir(folder.path("closed")).expect("there is room");
    fs::set_permissions(folder.path("closed"), Permissions::from_mode(0o500)).expect("it is ours");
    // The last one also stops root.
    let places = [
        folder.path("file"),
        folder.path("closed/cache"),
        PathBuf::from("/proc/cache"),
    ];
    for place in &places {
        says_hello(finish(start(&mut cached_at(
            &folder,
            place,
            &["hello.wat"],
        ))));
    }
}

#[test]
fn a_cache_that_others_can_write_to_is_not_used() {
    let folder = Folder::with("hello.wat", HELLO);
    fs::create_dir(folder.path("cache")).expect("there is room");
    fs::set_permissions(folder.path("cache"), Permissions::from_mode(0o777)).expect("it is ours");
    says_hello(run(&folder, &["hello.wat"]));
    assert!(files(&folder).is_empty());
    run(&folder, &["cache"])
        .expect(66)
        .says(&["open to other users"]);
}

/// Starts the command by a script that limits what can be written.
fn limited(folder: &Folder, starter: &[&str], script: &str) -> Ended {
    let starter = [starter, &["sh", "-c", script, "sh"]].concat();
    let mut command = folder.command_under(&starter, &["hello.wat"]);
    command.env("SILICA_CACHE", folder.path("cache"));
    finish(start(&mut command))
}

#[test]
fn a_full_disk_stops_nothing() {
    let folder = Folder::with("hello.wat", HELLO);
    says_hello(limited(&folder, &[], "ulimit -f 4; exec \"$@\""));
    assert!(files(&folder).is_empty());
    // Only root can have a disk that is full.
    let unshare = ["unshare", "--mount"];
    let may = Command::new(unshare[0]).args([unshare[1], "true"]).output();
    if may.is_ok_and(|output| output.status.success()) {
        let full =
            "mount -t tmpfs -o size=16k,mode=700 none cache && \"$@\" && ls -A cache | wc -l";
        let ended = limited(&folder, &unshare, full).expect(0);
        assert_eq!((&*ended.stdout, &*ended.stderr), ("hello\n0\n", ""));
    }
}
