//! `silica help`: commands, and topics that no single flag explains.

use std::process::ExitCode;

use silica_module::Feature;

use crate::failure::{Failure, Result};
use crate::status::Status;
use crate::{output, status};

/// The arguments of `silica help`.
#[derive(clap::Args)]
pub(crate) struct Help {
    /// A command or a topic
    topic: Option<String>,
}

/// A topic: its name, what it is about, its text.
struct Topic {
    name: &'static str,
    about: &'static str,
    text: fn() -> String,
}

const TOPICS: &[Topic] = &[
    Topic {
        name: "grants",
        about: "what a program may reach, and how to let it",
        text: || GRANTS.to_owned(),
    },
    Topic {
        name: "limits",
        about: "bounding time, memory and stack",
        text: || LIMITS.to_owned(),
    },
    Topic {
        name: "proposals",
        about: "parts of WebAssembly that can be turned on and off",
        text: proposals,
    },
    Topic {
        name: "statuses",
        about: "exit statuses",
        text: status::table,
    },
    Topic {
        name: "examples",
        about: "the command in use",
        text: || EXAMPLES.to_owned(),
    },
];

impl Help {
    /// Help on `arguments`, which is the whole command line.
    pub(crate) fn execute(&self, arguments: clap::Command) -> Result<ExitCode> {
        output::print(self.text(arguments)?)?;
        Ok(ExitCode::SUCCESS)
    }

    fn text(&self, mut arguments: clap::Command) -> Result<String> {
        arguments.build();
        let Some(topic) = &self.topic else {
            return Ok(format!("{}\n{}", arguments.render_help(), topics()));
        };
        if let Some(found) = TOPICS.iter().find(|t| t.name == topic) {
            return Ok((found.text)());
        }
        if let Some(command) = arguments.find_subcommand_mut(topic) {
            return Ok(command.render_long_help().to_string());
        }
        let message = format!("there is no help on `{topic}`");
        Err(Failure::new(Status::Usage, message).remedy("`silica help` lists what there is"))
    }
}

fn topics() -> String {
    let mut text = String::from("Topics:\n");
    for topic in TOPICS {
        text += &format!("  {:<12} {}\n", topic.name, topic.about);
    }
    text
}

fn proposals() -> String {
    let mut text = String::from(
        "Proposals\n\n\
         `--proposals` turns parts of WebAssembly on and off, from left to right:\n\n  \
         silica run --proposals gc,-simd app.wasm\n  \
         silica run --proposals mvp,simd app.wasm     WebAssembly 1.0 and vectors\n\n\
         `all`, `default` and `mvp` stand for all of them, the default and none.\n\n",
    );
    for feature in Feature::ALL {
        let on = if feature.on_by_default() {
            "on "
        } else {
            "off"
        };
        text += &format!("  {on}  {:<24} {}\n", feature.name(), feature.summary());
    }
    text
}

const GRANTS: &str = "\
Grants

A program reaches nothing but its standard streams, the clock and random numbers, unless it is
granted:

  --dir HOST[::GUEST]      a directory, to read and write, under the name GUEST
  --dir-ro HOST[::GUEST]   a directory, to read only: nothing in it can be created, changed,
                           renamed or removed, nor its times set
  --dev                    a /dev with null, zero, random and urandom, and nothing of the host's
  --tmp                    an empty /tmp in memory, which is gone when the program ends
  --env NAME[=VALUE]       a variable; without a value, the host's
  --inherit-env            all of the host's variables
  --tcp-listen HOST:PORT   a socket that is listening, to accept connections on
  --net HOST[:PORT]        hosts to reach by sockets, as a list: a name, *.NAME, an address, a
                           block like 10.0.0.0/8, or *; with tcp: or udp: before it, by that
                           only; 8000-8010 are ports, too
  --listen ADDRESS[:PORT]  addresses to listen on, which the program does by itself
  --http HOST              hosts to make requests to by wasi:http, as a list; https:// or http://
                           before it and a port behind it narrow it
  --keyvalue PLACE         a bucket to open by wasi:keyvalue: memory, sqlite:FILE, NAME=memory
  --setting NAME=VALUE     what wasi:config gives for a name
  --grant-file FILE        all that a file says
  --no-sandbox             lets the command itself reach everything: on Linux, the kernel holds it
                           to these grants too, should a program ever escape from the engine

No path leaves a granted directory, whatever links are in it. Names are looked up if they are
granted, and what they lead to may then be reached on the ports that were granted; a name leads
to no address of this machine but `localhost`. What is refused is EACCES to the program.

A file of grants is TOML; its keys are the names of these flags and of the limits:

  dir = [\"data::/data\"]              paths are meant from the file's folder
  env = { LANG = \"C\", HOME = true }  true passes the host's
  net = [\"tcp:example.com:443\"]
  max-memory = \"256MiB\"

  silica run --dir-ro ~/photos::/in --dir ./out::/out convert.wasm /in/a.png /out/a.jpg

`silica inspect` says what a module could use. `silica run --trace` shows what it does use, and
for what is refused, the flag that would grant it.
";

const LIMITS: &str = "\
Limits

  --fuel N             stops after N operators, at the next call or loop; the same in each
                       run, status 123
  --timeout TIME       stops after a time, whatever it does; costs nothing, status 124
  --max-memory SIZE    the most that each memory and table may grow to
  --max-stack SIZE     the most stack of each thread; calling deeper traps, status 134
  --max-threads N      the most threads at once, the first included, 64 unless given; more are
                       refused, as if the system had no more. With --fuel there is one

  silica run --timeout 10s --max-memory 256MiB untrusted.wasm

Ctrl-C stops a program at once.
";

const EXAMPLES: &str = "\
Examples

  silica app.wasm --verbose                       run a program; the flag is the program's
  silica run --dir . app.wasm file.txt            let it use this directory
  silica run --invoke add math.wasm 1 2           call one function, print what it gives
  silica run --preload env=host.wasm app.wasm     let a module provide the imports from `env`
  silica run --trace app.wasm 2> calls.txt        see what it asks of the system
  silica compile app.wasm                         compile ahead: app.cwasm
  silica run --allow-precompiled app.cwasm        run that
  silica inspect --json app.wasm | jq .imports    what does it need?
  silica print app.wasm | less                    read it
  silica wit app.wasm                             what a component imports and exports
  silica compose app.wasm --plug lib.wasm -o a.wasm   one component of two
  silica wast test.wast                           run a specification script
";

#[cfg(test)]
mod tests {
    use super::*;

    fn help(topic: &str) -> Result<String> {
        let topic = Some(topic.to_owned());
        let run = clap::Command::new("run").about("runs");
        Help { topic }.text(clap::Command::new("silica").subcommand(run))
    }

    #[test]
    fn commands_and_topics_are_explained() {
        assert!(help("run").unwrap().contains("runs"));
        assert!(help("proposals").unwrap().contains("tail-call"));
        assert!(help("statuses").unwrap().contains("134"));
        assert_eq!(help("nonsense").unwrap_err().status, Status::Usage);
        for topic in TOPICS {
            let width = (topic.text)().lines().map(str::len).max();
            assert!(width.is_some_and(|w| w <= 110), "{}", topic.name);
        }
    }
}
