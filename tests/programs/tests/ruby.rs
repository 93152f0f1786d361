//! Ruby, from its npm package: a reactor, whose JavaScript imports are answered by stubs through our API.

#![forbid(unsafe_code)]

use std::collections::HashMap;

use silica::{
    Caller, Engine, Instance, Linker, Memory, Module, Result, Store,
    wasi::{
        host::OutputPipe,
        host::OutputStream,
        p1::{WasiP1Context, add_to_linker},
    },
};
use silica_test_guests::{available, programs};

/// What the guest's handles name: Ruby values, numbers of its own.
struct Host {
    wasi: WasiP1Context,
    handles: HashMap<i32, i32>,
    next: i32,
}

impl Host {
    fn insert(&mut self, value: i32) -> i32 {
        self.next += 1;
        self.handles.insert(self.next, value);
        self.next
    }
}

struct Ruby {
    store: Store<Host>,
    instance: Instance,
    memory: Memory,
}

impl Ruby {
    fn start(module: &Module, output: &OutputPipe) -> Result<Ruby> {
        let wasi = WasiP1Context::builder()
            .argument("ruby.wasm")?
            .stdout(OutputStream::Pipe(output.clone()))
            .stderr(OutputStream::Pipe(output.clone()))
            .build();
        let mut linker: Linker<Host> = Linker::new(module.engine());
        add_to_linker(&mut linker, |host: &mut Host| &mut host.wasi)?;
        linker.func_wrap(
            "canonical_abi",
            "resource_new_rb-abi-value",
            |mut caller: Caller<'_, Host>, value: i32| caller.data_mut().insert(value),
        )?;
        linker.func_wrap(
            "canonical_abi",
            "resource_get_rb-abi-value",
            |caller: Caller<'_, Host>, handle: i32| -> Result<i32> {
                let value = caller.data().handles.get(&handle).copied();
                value.ok_or_else(|| silica::format_err!("no handle {handle}"))
            },
        )?;
        linker.func_wrap(
            "rb-js-abi-host",
            "rb_wasm_throw_prohibit_rewind_exception",
            |_: i32, _: i32| {},
        )?;
        // There is no JavaScript here: whoever asks for it traps.
        linker.define_unknown_imports_as_traps(module)?;
        let mut store = Store::new(
            module.engine(),
            Host {
                wasi,
                handles: HashMap::new(),
                next: 0,
            },
        );
        let instance = linker.instantiate(&mut store, module)?;
        let memory = instance
            .get_memory(&mut store, "memory")
            .expect("it exports its memory");
        let mut ruby = Ruby {
            store,
            instance,
            memory,
        };
        ruby.call::<(), ()>("_initialize", ())?;
        ruby.initialize(&["ruby.wasm", "-EUTF-8", "-e_=0"])?;
        Ok(ruby)
    }

    fn call<P: silica::WasmParams, R: silica::WasmResults>(
        &mut self,
        name: &str,
        params: P,
    ) -> Result<R> {
        let function = self
            .instance
            .get_typed_func::<P, R>(&mut self.store, name)?;
        function.call(&mut self.store, params)
    }

    fn allocate(&mut self, bytes: &[u8], align: i32) -> Result<i32> {
        let size = bytes.len() as i32;
        let address = self.call::<_, i32>("cabi_realloc", (0, 0, align, size))?;
        self.memory
            .write(&mut self.store, address as usize, bytes)?;
        Ok(address)
    }

    fn initialize(&mut self, arguments: &[&str]) -> Result<()> {
        let mut list = Vec::new();
        for argument in arguments {
            let address = self.allocate(format!("{argument}\0").as_bytes(), 1)?;
            list.extend(address.to_le_bytes());
            list.extend((argument.len() as i32 + 1).to_le_bytes());
        }
        let address = self.allocate(&list, 4)?;
        let count = arguments.len() as i32;
        self.call::<_, ()>(
            "ruby-init: func(args: list<string>) -> ()",
            (address, count),
        )?;
        self.call::<_, ()>("ruby-init-loadpath: func() -> ()", ())
    }

    /// Evaluates a script; gives Ruby's own status, 0 where nothing was raised.
    fn evaluate(&mut self, script: &str) -> Result<i32> {
        let address = self.allocate(script.as_bytes(), 1)?;
        let name = "rb-eval-string-protect: func(str: string) -> tuple<handle<rb-abi-value>, s32>";
        let result = self.call::<_, i32>(name, (address, script.len() as i32))?;
        let mut status = [0; 4];
        self.memory
            .read(&self.store, result as usize + 4, &mut status)?;
        Ok(i32::from_le_bytes(status))
    }
}

const SCRIPT: &str = r##"
require "json"
require "digest"
words = %w[wasm outside the browser]
puts words.sort_by { |w| [-w.size, w] }.join(",")
puts JSON.generate({ "sum" => (1..100).sum, "words" => words.map(&:upcase) })
puts (2 ** 200).to_s
puts Digest::SHA256.hexdigest("silica")[0, 16]
puts "größe".unicode_normalize(:nfd).bytes.size
$stdout.flush
"##;

#[test]
fn ruby_evaluates_a_script() {
    let Some(path) = available(programs::ruby()) else {
        return;
    };
    let engine = Engine::default();
    let module = Module::from_file(&engine, &path).expect("ruby compiles");
    let output = OutputPipe::bounded(1 << 20);
    let mut ruby = Ruby::start(&module, &output).expect("ruby starts");
    let status = ruby.evaluate(SCRIPT).expect("ruby runs");
    let text = String::from_utf8_lossy(&output.take()).into_owned();
    assert_eq!(status, 0, "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "browser,outside,wasm,the",
            r#"{"sum":5050,"words":["WASM","OUTSIDE","THE","BROWSER"]}"#,
            "1606938044258990275541962092341162602522202993782792835301376",
            "603fec46699c2950",
            "8",
        ]
    );
    assert_ne!(ruby.evaluate("raise 'no'").expect("ruby runs"), 0);
}
