//! Pandoc, compiled by GHC: a reactor of 58 MB whose functions handle exceptions of the first kind (`try`, `catch`). It converts
//! Markdown to HTML.

#![forbid(unsafe_code)]

use silica::{
    Instance, Linker, Result, Store,
    wasi::{
        host::{DirPerms, FilePerms, OutputPipe, OutputStream},
        p1::{WasiP1Context, add_to_linker},
    },
};
use silica_test_guests::{available, programs};
use silica_tests_programs::compile_quickly;

const MARKDOWN: &str =
    "# Title\n\nSome *emphasis* and `code`.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n";

struct Pandoc {
    store: Store<WasiP1Context>,
    instance: Instance,
}

impl Pandoc {
    /// Copies bytes into memory that the program's `malloc` gives; gives the pointer.
    fn put(&mut self, bytes: &[u8]) -> Result<u32> {
        let malloc = self
            .instance
            .get_typed_func::<u32, u32>(&mut self.store, "malloc")?;
        let pointer = malloc.call(&mut self.store, bytes.len() as u32)?;
        let memory = self.instance.get_memory(&mut self.store, "memory");
        let memory = memory.expect("it exports its memory");
        memory.write(&mut self.store, pointer as usize, bytes)?;
        Ok(pointer)
    }

    fn call(&mut self, name: &str, parameters: (u32, u32)) -> Result<()> {
        let function = self
            .instance
            .get_typed_func::<(u32, u32), ()>(&mut self.store, name)?;
        function.call(&mut self.store, parameters)
    }

    /// Starts the run-time system with its own options, as the package's script does.
    fn start(&mut self) -> Result<()> {
        for name in ["_initialize", "__wasm_call_ctors"] {
            if let Ok(function) = self
                .instance
                .get_typed_func::<(), ()>(&mut self.store, name)
            {
                function.call(&mut self.store, ())?;
            }
        }
        let words = ["pandoc.wasm\0", "+RTS\0", "-H64m\0", "-RTS\0"];
        let mut pointers = Vec::new();
        for word in words {
            pointers.extend(self.put(word.as_bytes())?.to_le_bytes());
        }
        pointers.extend([0; 4]);
        let vector = self.put(&pointers)?;
        let count = self.put(&(words.len() as u32).to_le_bytes())?;
        let vector = self.put(&vector.to_le_bytes())?;
        self.call("hs_init_with_rtsopts", (count, vector))
    }
}

#[test]
fn pandoc_converts_markdown_to_html() {
    let Some(path) = available(programs::pandoc()) else {
        return;
    };
    let work = tempfile::tempdir().expect("a temporary directory");
    for (name, contents) in [
        ("stdin", MARKDOWN),
        ("stdout", ""),
        ("stderr", ""),
        ("warnings", ""),
    ] {
        std::fs::write(work.path().join(name), contents).expect("it is writable");
    }
    // 617,000 functions, few of which run: what costs the least to compile is the quickest in all.
    let module = compile_quickly(&path).expect("it compiles");
    let errors = OutputPipe::bounded(1 << 20);
    let context = WasiP1Context::builder()
        .argument("pandoc.wasm")
        .and_then(|builder| {
            builder
                .stderr(OutputStream::Pipe(errors.clone()))
                .preopened_dir(work.path(), "/", DirPerms::all(), FilePerms::all())
        })
        .expect("the directory is there")
        .build();
    let mut linker = Linker::new(module.engine());
    add_to_linker(&mut linker, |context: &mut WasiP1Context| context).expect("nothing is defined");
    let mut store = Store::new(module.engine(), context);
    let instance = linker
        .instantiate(&mut store, &module)
        .expect("it imports WASI only");
    let mut pandoc = Pandoc { store, instance };
    let options = br#"{"from": "markdown", "to": "html"}"#;
    let converted = pandoc.start().and_then(|()| {
        let pointer = pandoc.put(options)?;
        pandoc.call("convert", (pointer, options.len() as u32))
    });
    let said = String::from_utf8_lossy(&errors.contents()).into_owned();
    converted.unwrap_or_else(|error| panic!("{error:?}\n{said}"));
    let html = std::fs::read_to_string(work.path().join("stdout")).expect("it was written");
    for part in [
        "<h1 id=\"title\">Title</h1>",
        "<em>emphasis</em>",
        "<code>code</code>",
        "<li>one</li>",
        "<td>1</td>",
    ] {
        assert!(html.contains(part), "{part} is not in {html}\n{said}");
    }
}
