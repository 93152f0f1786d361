//! `silica compile`, and running what it makes.

use crate::common::{Folder, HELLO};

#[test]
fn an_image_runs() {
    let folder = Folder::with("hello.wat", HELLO);
    folder.silica(&["compile", "hello.wat"]).expect(0);
    let ended = folder.silica(&["run", "--allow-precompiled", "hello.cwasm"]);
    assert_eq!(ended.expect(0).stdout, "hello\n");
    folder
        .silica(&["compile", "hello.wat", "-o", "other"])
        .expect(0);
    assert_eq!(folder.read("hello.cwasm"), folder.read("other"));
}

#[test]
fn an_image_runs_only_if_it_is_trusted() {
    let folder = Folder::with("hello.wat", HELLO);
    folder.silica(&["compile", "hello.wat"]).expect(0);
    let ended = folder.silica(&["hello.cwasm"]).expect(2);
    ended.says(&["compiled code", "`--allow-precompiled`"]);
}

#[test]
fn an_image_that_was_altered_is_refused() {
    let folder = Folder::with("hello.wat", HELLO);
    folder.silica(&["compile", "hello.wat"]).expect(0);
    let image = folder.read("hello.cwasm");
    for length in [8, 20, image.len() / 2, image.len() - 1] {
        folder.write("short.cwasm", &image[..length]);
        let ended = folder.silica(&["run", "--allow-precompiled", "short.cwasm"]);
        ended.expect(65).says(&["short.cwasm", "silica compile"]);
    }
    for at in (16..image.len()).step_by(image.len() / 50 + 1) {
        let mut altered = image.clone();
        altered[at] ^= 0x40;
        folder.write("altered.cwasm", &altered);
        let ended = folder.silica(&["run", "--allow-precompiled", "altered.cwasm"]);
        // What no reader looks at may differ; nothing may crash.
        assert!(matches!(ended.status, Some(0 | 65)), "byte {at}: {ended:?}");
    }
}

#[test]
fn an_image_of_other_settings_is_refused() {
    let folder = Folder::with("hello.wat", HELLO);
    folder.silica(&["compile", "hello.wat"]).expect(0);
    let run = [
        "run",
        "--allow-precompiled",
        "--fuel",
        "100000",
        "hello.cwasm",
    ];
    folder.silica(&run).expect(65).says(&["hello.cwasm"]);
    folder.silica(&["compile", "--fuel", "hello.wat"]).expect(0);
    assert_eq!(folder.silica(&run).expect(0).stdout, "hello\n");
}

#[test]
fn a_file_that_cannot_be_written() {
    let folder = Folder::with("hello.wat", HELLO);
    let ended = folder.silica(&["compile", "hello.wat", "-o", "nowhere/a.cwasm"]);
    ended.expect(74).says(&["nowhere/a.cwasm"]);
}
