//! What the trace tells.

use super::*;

#[test]
fn a_trace_reads_like_strace() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    let directory = tempfile::tempdir().unwrap();
    let context = WasiP1Context::builder()
        .stdout(OutputStream::Null)
        .preopened_dir(directory.path(), "/", DirPerms::all(), FilePerms::all())
        .unwrap()
        .trace(move |record| sink.lock().unwrap().push(record.to_string()))
        .build();
    let mut guest = Guest::new(context);
    guest.write(1, b"hello\n").unwrap();
    let rights = Rights::FD_READ | Rights::FD_WRITE;
    let fd = guest
        .open_with(DIR, "a", CREAT | TRUNC, rights, Rights::empty())
        .unwrap();
    guest.write(fd, &[b'x'; 100]).unwrap();
    guest
        .open_with(DIR, "none", 0, rights, Rights::empty())
        .unwrap_err();
    call!(guest, preview1::fd_filestat_set_times(fd, 0, 0, 8)).unwrap_err();
    call!(guest, preview1::fd_prestat_get(DIR, 0)).unwrap();
    call!(guest, preview1::fd_prestat_dir_name(DIR, 0, 1)).unwrap();
    let _ = crate::calls::proc_exit(&guest.context, 3);
    let cut = format!("fd_write(4, [\"{}\"...]) = 100", "x".repeat(64));
    let expected = [
        "fd_write(1, [\"hello\\n\"]) = 6",
        "path_open(3, SYMLINK_FOLLOW, \"a\", CREAT|TRUNC, FD_READ|FD_WRITE, 0, 0) = 4",
        cut.as_str(),
        "path_open(3, SYMLINK_FOLLOW, \"none\", 0, FD_READ|FD_WRITE, 0, 0) = \
         NOENT (no such file or directory)",
        "fd_filestat_set_times(4, 0, 0, MTIM_NOW) = NOTCAPABLE (capabilities insufficient)",
        "fd_prestat_get(3) = {dir, name_len=1}",
        "fd_prestat_dir_name(3) = \"/\"",
        "proc_exit(3) = ?",
    ];
    assert_eq!(*lines.lock().unwrap(), expected);
}
