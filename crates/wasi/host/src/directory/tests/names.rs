//! Slashes, links, renames, and what is no path.

use super::*;

#[test]
fn slashes_at_the_end_ask_for_a_directory() {
    both(|directory| {
        directory.create_directory_at("d/").unwrap();
        file(directory, "f", CREATE).unwrap();
        assert_eq!(failure(directory.open_at("f/", &READ)), Error::NotDirectory);
        assert_eq!(
            failure(directory.open_at("f///", &READ)),
            Error::NotDirectory
        );
        directory.open_at("d///", &READ).unwrap();
        assert_eq!(failure(directory.unlink_file_at("f/")), Error::NotDirectory);
        assert_eq!(failure(directory.unlink_file_at("d/")), Error::IsDirectory);
        assert_eq!(failure(directory.unlink_file_at("d")), Error::IsDirectory);
        assert_eq!(
            failure(directory.remove_directory_at("f")),
            Error::NotDirectory
        );
        assert_eq!(
            failure(directory.remove_directory_at("f/")),
            Error::NotDirectory
        );
        assert_eq!(
            failure(directory.link_at("f", directory, "g/")),
            Error::NoEntry
        );
        assert_eq!(failure(directory.symlink_at("x", "g/")), Error::NoEntry);
        assert_eq!(failure(directory.symlink_at("x", "d/")), Error::Exists);
        let taken = failure(directory.symlink_at("x", "f/"));
        assert!(matches!(taken, Error::Exists | Error::NotDirectory));
        directory.rename_at("d/", directory, "e").unwrap();
        directory.rename_at("e", directory, "d/").unwrap();
        directory.rename_at("d/", directory, "e/").unwrap();
        assert_eq!(
            failure(directory.rename_at("f", directory, "g/")),
            Error::NotDirectory
        );
        assert_eq!(
            failure(directory.rename_at("f/", directory, "g")),
            Error::NotDirectory
        );
        assert_eq!(
            failure(directory.link_at("f/", directory, "g")),
            Error::NotDirectory
        );
        assert_eq!(
            failure(directory.metadata_at("f/", true)),
            Error::NotDirectory
        );
        assert_eq!(
            failure(directory.metadata_at("f/", false)),
            Error::NotDirectory
        );
        directory.remove_directory_at("e/").unwrap();
    });
}

#[test]
fn links_and_loops() {
    both(|directory| {
        let followed = OpenOptions {
            follow: true,
            ..READ
        };
        directory.symlink_at("loop", "loop").unwrap();
        assert_eq!(failure(directory.open_at("loop", &followed)), Error::Loop);
        assert_eq!(failure(directory.open_at("loop/x", &followed)), Error::Loop);
        assert_eq!(directory.read_link_at("loop").unwrap(), "loop");
        directory.link_at("loop", directory, "again").unwrap();
        assert_eq!(directory.metadata_at("again", false).unwrap().links, 2);
        directory.create_directory_at("d").unwrap();
        assert_eq!(failure(directory.read_link_at("d")), Error::Invalid);
        assert_eq!(
            failure(directory.link_at("d", directory, "e")),
            Error::NotPermitted
        );
        directory.symlink_at("d", "to").unwrap();
        file(directory, "to/f", CREATE).unwrap();
        assert_eq!(
            directory.metadata_at("to", true).unwrap().file_type,
            FileType::Directory
        );
        assert_eq!(
            directory.metadata_at("to", false).unwrap().file_type,
            FileType::SymbolicLink
        );
        let exact = OpenOptions {
            directory: true,
            ..READ
        };
        assert!(matches!(
            failure(directory.open_at("to", &exact)),
            Error::NotDirectory | Error::Loop
        ));
        let exact = OpenOptions {
            directory: true,
            ..followed
        };
        directory.open_at("to", &exact).unwrap();
        directory.symlink_at("d/f", "file").unwrap();
        assert_eq!(
            failure(directory.open_at("file", &exact)),
            Error::NotDirectory
        );
        let exclusive = OpenOptions {
            exclusive: true,
            follow: true,
            ..CREATE
        };
        assert_eq!(
            failure(directory.open_at("file", &exclusive)),
            Error::Exists
        );
    });
}

#[test]
fn renames_replace_what_they_may() {
    both(|directory| {
        directory.create_directory_at("d").unwrap();
        directory.create_directory_at("e").unwrap();
        directory.rename_at("d", directory, "e").unwrap();
        file(directory, "e/f", CREATE).unwrap();
        directory.create_directory_at("d").unwrap();
        assert_eq!(
            failure(directory.rename_at("d", directory, "e")),
            Error::NotEmpty
        );
        assert_eq!(
            failure(directory.rename_at("d", directory, "e/f")),
            Error::NotDirectory
        );
        assert_eq!(
            failure(directory.rename_at("e/f", directory, "d")),
            Error::IsDirectory
        );
        assert_eq!(
            failure(directory.rename_at("e", directory, "e/g")),
            Error::Invalid
        );
        assert_eq!(
            failure(directory.rename_at("none", directory, "x")),
            Error::NoEntry
        );
        assert_eq!(failure(directory.remove_directory_at("e")), Error::NotEmpty);
        directory.rename_at("e/f", directory, "f").unwrap();
        directory.link_at("f", directory, "g").unwrap();
        directory.rename_at("f", directory, "g").unwrap();
        assert!(
            directory.metadata_at("f", false).is_ok(),
            "the same file stays"
        );
        directory.remove_directory_at("e").unwrap();
    });
}

#[test]
fn paths_that_are_none() {
    both(|directory| {
        let long = "x".repeat(300);
        assert_eq!(failure(directory.open_at("", &READ)), Error::NoEntry);
        assert_eq!(failure(directory.open_at("a\0", &READ)), Error::Invalid);
        assert_eq!(failure(directory.open_at(&long, &READ)), Error::NameTooLong);
        let longer = "x/".repeat(3000);
        assert_eq!(
            failure(directory.open_at(&longer, &READ)),
            Error::NameTooLong
        );
        assert_eq!(failure(directory.open_at("none", &READ)), Error::NoEntry);
        let truncated = OpenOptions {
            truncate: true,
            ..READ
        };
        assert_eq!(
            failure(directory.open_at(".", &truncated)),
            Error::IsDirectory
        );
        let written = OpenOptions {
            write: true,
            directory: true,
            ..READ
        };
        assert_eq!(
            failure(directory.open_at(".", &written)),
            Error::IsDirectory
        );
        let both = OpenOptions {
            directory: true,
            ..CREATE
        };
        assert_eq!(failure(directory.open_at("x", &both)), Error::Invalid);
    });
}
