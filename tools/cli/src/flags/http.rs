//! `--http`: hosts to which a component may make requests.

use silica_wasi_http::HttpGrant;

/// Grants of HTTP. None by default.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Grants")]
pub(crate) struct HttpFlags {
    /// Lets a component make requests by `wasi:http` to hosts: example.com, https://*.example.com, http://localhost:8080
    #[arg(
        long = "http",
        value_name = "[SCHEME://]HOST[:PORT]",
        value_delimiter = ',',
        value_parser = parse
    )]
    hosts: Vec<HttpGrant>,
}

fn parse(text: &str) -> Result<HttpGrant, String> {
    text.parse()
        .map_err(|error: silica::wasi::host::GrantError| error.to_string())
}

impl HttpFlags {
    /// All that is granted.
    pub(crate) fn grants(&self) -> &[HttpGrant] {
        &self.hosts
    }

    /// Adds what others grant.
    pub(crate) fn add(&mut self, others: HttpFlags) {
        self.hosts.extend(others.hosts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        http: HttpFlags,
    }

    #[test]
    fn lists_and_repetitions() {
        let line = [
            "x",
            "--http",
            "a.example,https://b.example:8443",
            "--http=*",
        ];
        let http = Line::try_parse_from(line).unwrap().http;
        let shown: Vec<_> = http.grants().iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["a.example", "https://b.example:8443", "*"]);
        assert!(Line::try_parse_from(["x", "--http", "ftp://a"]).is_err());
    }
}
