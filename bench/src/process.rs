//! Running another program: its output, its exit, its time, its memory; and stopping it in time.

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::io::Read;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// What one run left.
pub(crate) struct Run {
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    /// From before the process was made until it wrote its first byte to standard output, if it did.
    pub(crate) first_output: Option<Duration>,
    /// From before the process was made until it was gone.
    pub(crate) wall: Duration,
    /// The processor time of the process, its own and the system's for it, over all its threads.
    pub(crate) processor: Duration,
}

/// Runs `command` to its end.
///
/// # Errors
/// The program cannot be started, takes longer than `timeout` (it is stopped), or fails; the message
/// has the last line it wrote to standard error.
pub(crate) fn run(command: &mut Command, timeout: Duration) -> Result<Run> {
    let name = command.get_program().to_string_lossy().into_owned();
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let before = children_time()?;
    let start = Instant::now();
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot start {name}"))?;
    let (sender, receiver) = mpsc::channel();
    let streams: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|stream| Box::new(stream) as _),
        child.stderr.take().map(|stream| Box::new(stream) as _),
    ];
    for (index, stream) in streams.into_iter().enumerate() {
        let (sender, mut stream) = (sender.clone(), stream.context("the streams are pipes")?);
        thread::spawn(move || {
            let mut bytes = vec![0; 1 << 10];
            let begun = stream.read(&mut bytes);
            let first = start.elapsed();
            let read = begun.and_then(|count| {
                bytes.truncate(count);
                stream.read_to_end(&mut bytes)
            });
            let first = (!bytes.is_empty()).then_some(first);
            // The receiver is gone when the run was given up; nobody wants the text then.
            let _ = sender.send((
                index,
                read.map(|_| (String::from_utf8_lossy(&bytes).into_owned(), first)),
            ));
        });
    }
    let mut texts = [(String::new(), None), (String::new(), None)];
    for _ in 0..2 {
        let left = timeout.saturating_sub(start.elapsed());
        let Ok((index, text)) = receiver.recv_timeout(left) else {
            child
                .kill()
                .and_then(|()| child.wait())
                .context("cannot stop the program")?;
            bail!("{name} took longer than {} s", timeout.as_secs());
        };
        texts[index] = text.with_context(|| format!("cannot read from {name}"))?;
    }
    let status = child
        .wait()
        .with_context(|| format!("cannot wait for {name}"))?;
    let wall = start.elapsed();
    let processor = children_time()?.saturating_sub(before);
    let [(stdout, first_output), (stderr, _)] = texts;
    if !status.success() {
        bail!(
            "{name}: {status}: {}",
            stderr.trim_end().lines().last().unwrap_or("no message")
        );
    }
    Ok(Run {
        stdout,
        stderr,
        first_output,
        wall,
        processor,
    })
}

/// The processor time of all children that have ended. One child runs at a time, so the difference is its.
fn children_time() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("cannot ask for the usage")?;
    let time = usage.user_time() + usage.system_time();
    let microseconds = u64::try_from(time.num_microseconds()).unwrap_or(0);
    Ok(Duration::from_micros(microseconds))
}

/// The value of the line `NAME VALUE` in what a program wrote.
pub(crate) fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        line.strip_prefix(name)?
            .strip_prefix(' ')?
            .trim()
            .parse()
            .ok()
    })
}

/// Runs a command and writes `peak_kib N` for it: the subcommand that [`peak`] calls.
///
/// # Errors
/// The command cannot be started.
pub(crate) fn report_peak(command: &[String]) -> Result<ExitCode> {
    let (program, arguments) = command.split_first().context("a command is needed")?;
    let status = Command::new(program)
        .args(arguments)
        .status()
        .with_context(|| format!("cannot start {program}"))?;
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN)
        .context("cannot ask for the usage")?
        .max_rss();
    eprintln!("peak_kib {peak}");
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Runs `command` and returns the most memory that it had resident, in KiB.
///
/// It runs below a fresh process of this program, since the system remembers only the largest of
/// all children. What that process itself needs, about 3 MiB, is the least this can show.
///
/// # Errors
/// The command fails or takes longer than `timeout`.
pub(crate) fn peak(runner: &std::path::Path, command: &Command, timeout: Duration) -> Result<u64> {
    let mut below = Command::new(runner);
    below
        .arg("peak")
        .arg("--")
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => below.env(name, value),
            None => below.env_remove(name),
        };
    }
    let run = run(&mut below, timeout)?;
    field(&run.stderr, "peak_kib").context("no peak was reported")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, timeout: Duration) -> Result<Run> {
        run(Command::new("sh").args(["-c", script]), timeout)
    }

    #[test]
    fn both_streams_are_kept_apart() {
        let run = shell("echo out; echo time_ns 12 >&2", Duration::from_secs(60)).expect("it runs");
        assert_eq!(run.stdout, "out\n");
        assert_eq!(field(&run.stderr, "time_ns"), Some(12));
        assert_eq!(field(&run.stderr, "time"), None);
    }

    #[test]
    fn a_failure_says_the_last_line() {
        let error = shell(
            "echo first >&2; echo second >&2; exit 3",
            Duration::from_secs(60),
        );
        let text = format!("{:#}", error.err().expect("it fails"));
        assert!(text.contains("second") && !text.contains("first"), "{text}");
    }

    #[test]
    fn what_takes_too_long_is_stopped() {
        let error = shell("exec sleep 60", Duration::from_millis(50));
        assert!(format!("{:#}", error.err().expect("it is stopped")).contains("longer than"));
    }
}
