//! Contents of files, and what paths name.

use super::*;

#[test]
fn contents_and_positions() {
    both(|directory| {
        let file = file(directory, "file", CREATE).unwrap();
        assert_eq!(file.write(b"hello world"), Ok(11));
        assert_eq!(file.seek(SeekFrom::Current(-5)), Ok(6));
        let mut buffer = [0; 16];
        assert_eq!(file.read(&mut buffer), Ok(5));
        assert_eq!(&buffer[..5], b"world");
        assert_eq!(file.tell(), Ok(11));
        assert_eq!(file.seek(SeekFrom::Current(-100)), Err(Error::Invalid));
        assert_eq!(file.seek(SeekFrom::Start(u64::MAX)), Err(Error::Invalid));
        assert_eq!(file.seek(SeekFrom::End(100)), Ok(111));
        assert_eq!(file.write(b"!"), Ok(1));
        assert_eq!(file.metadata().unwrap().size, 112);
        file.set_size(3).unwrap();
        file.allocate(0, 10).unwrap();
        file.allocate(2, 2).unwrap();
        assert_eq!(file.metadata().unwrap().size, 10);
        assert_eq!(file.allocate(0, 0), Err(Error::Invalid));
        assert_eq!(file.allocate(u64::MAX, 2), Err(Error::FileTooLarge));
    });
}

#[test]
fn appending_and_writing_at_an_offset() {
    both(|directory| {
        let options = OpenOptions {
            flags: FileFlags::APPEND,
            ..CREATE
        };
        let file = file(directory, "log", options).unwrap();
        file.write(b"one").unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write(b"two").unwrap();
        assert_eq!(file.flags(), Ok(FileFlags::APPEND));
        file.write_at(&[crate::IoSlice::new(b"O")], 0).unwrap();
        let mut buffer = [0; 16];
        let count = file.read_at(&mut [crate::IoSliceMut::new(&mut buffer)], 0);
        assert_eq!(&buffer[..count.unwrap()], b"Onetwo");
        file.set_flags(FileFlags::empty()).unwrap();
        file.seek(SeekFrom::Start(1)).unwrap();
        file.write(b"N").unwrap();
        assert_eq!(file.metadata().unwrap().size, 6);
    });
}

#[test]
fn listings_continue_from_any_cookie() {
    both(|directory| {
        directory.create_directory_at("d").unwrap();
        let inner = sub(directory, "d").unwrap();
        let mut expected = BTreeSet::from([".".to_owned(), "..".to_owned()]);
        for number in 0..300 {
            file(&inner, &format!("file.{number}"), CREATE).unwrap();
            expected.insert(format!("file.{number}"));
        }
        assert_eq!(names(&inner, 0, 1), expected);
        assert_eq!(names(&inner, 0, 7), expected);
        assert_eq!(names(&inner, 0, usize::MAX), expected);
        let own = inner.metadata().unwrap().inode;
        let mut dots = 0;
        let mut visit = |entry: Entry<'_>| {
            if entry.name == b"." || entry.name == b".." {
                assert_eq!((entry.inode, entry.file_type), (own, FileType::Directory));
                dots += 1;
            } else {
                assert_eq!(entry.file_type, FileType::RegularFile);
            }
            true
        };
        inner.read_entries(0, &mut visit).unwrap();
        assert_eq!(dots, 2);
    });
}

#[test]
fn times_of_every_size() {
    both(|directory| {
        let opened = file(directory, "f", CREATE).unwrap();
        let at = |nanoseconds| SetTime::At(Timestamp::from_nanoseconds(nanoseconds));
        opened.set_times(SetTime::Keep, at(5_000_000_007)).unwrap();
        let metadata = directory.metadata_at("f", false).unwrap();
        assert_eq!(
            metadata.modified,
            Timestamp {
                seconds: 5,
                nanoseconds: 7
            }
        );
        // File systems clamp what they cannot hold; nothing here may panic.
        let far = Timestamp {
            seconds: i64::MAX,
            nanoseconds: 999_999_999,
        };
        let long_ago = Timestamp {
            seconds: i64::MIN,
            nanoseconds: 0,
        };
        for time in [SetTime::At(far), SetTime::At(long_ago), at(u64::MAX)] {
            let _ = opened.set_times(time, time);
            for path in ["f", "./f"] {
                let _ = directory.set_times_at(path, true, time, time);
                let _ = directory.set_times_at(path, false, time, time);
            }
            let _ = directory.set_times(time, time);
            directory
                .metadata_at("f", true)
                .unwrap()
                .modified
                .saturating_nanoseconds();
        }
        directory.symlink_at("f", "l").unwrap();
        directory.set_times_at("l", false, at(1), at(2)).unwrap();
        directory.set_times_at("l", true, at(3), at(4)).unwrap();
        let seen = |follow| directory.metadata_at("l", follow).unwrap().modified;
        assert_eq!(seen(false), Timestamp::from_nanoseconds(2));
        assert_eq!(seen(true), Timestamp::from_nanoseconds(4));
    });
}

#[test]
fn a_file_made_without_write_access_can_be_opened_again() {
    both(|directory| {
        let only_created = OpenOptions {
            create: true,
            ..READ
        };
        let first = file(directory, "f", only_created).unwrap();
        assert_eq!(first.write(b"x"), Err(Error::NotCapable));
        file(directory, "f", only_created).unwrap();
    });
}
