//! What one program was granted of HTTP.

use std::sync::Arc;

use silica_component::{HasData, ResourceTable};
use silica_wasi_host::{Network, NetworkGrants, Quotas, Refusal};

use crate::client::Client;
use crate::grant::HttpGrant;
use crate::limits::HttpLimits;

/// What one program was granted of HTTP: no host by default.
#[derive(Debug)]
pub struct HttpContext {
    pub(crate) grants: Vec<HttpGrant>,
    pub(crate) network: Network,
    pub(crate) limits: HttpLimits,
    pub(crate) client: Client,
    on_refused: Option<OnRefused>,
}

#[derive(Clone)]
struct OnRefused(Arc<dyn Fn(&str) + Send + Sync>);

impl std::fmt::Debug for OnRefused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnRefused")
    }
}

impl HttpContext {
    /// Requests to these hosts may be made.
    #[must_use]
    pub fn new(grants: Vec<HttpGrant>, limits: HttpLimits) -> HttpContext {
        Self::with(grants, limits, None)
    }

    /// As [`new`](Self::new); `on_refused` is told what a request was for that was refused, as a
    /// grant that would allow it.
    #[must_use]
    pub fn observed(
        grants: Vec<HttpGrant>,
        limits: HttpLimits,
        on_refused: impl Fn(&str) + Send + Sync + 'static,
    ) -> HttpContext {
        Self::with(grants, limits, Some(OnRefused(Arc::new(on_refused))))
    }

    fn with(
        grants: Vec<HttpGrant>,
        limits: HttpLimits,
        on_refused: Option<OnRefused>,
    ) -> HttpContext {
        let network = NetworkGrants {
            connect: grants.iter().flat_map(HttpGrant::network).collect(),
            listen: Vec::new(),
        };
        let quotas = Quotas::default();
        let network = match on_refused.clone() {
            None => Network::new(network, &quotas),
            Some(OnRefused(on_refused)) => Network::observed(network, &quotas, move |refusal| {
                if let Refusal::Rebound(_, address) = refusal {
                    on_refused(&address.to_string());
                }
            }),
        };
        HttpContext {
            grants,
            network,
            limits,
            client: Client::default(),
            on_refused,
        }
    }

    /// Trusts a certificate, in DER, beside those that the system trusts.
    pub fn trust(&mut self, certificate: Vec<u8>) {
        self.client.trust(certificate);
    }

    /// Whether a request may be made.
    pub(crate) fn allows(&self, secure: bool, host: &str, port: u16) -> bool {
        let mut grants = self.grants.iter();
        let allowed = grants.any(|grant| grant.covers(secure, host, port));
        if let (false, Some(OnRefused(told))) = (allowed, &self.on_refused) {
            let scheme = if secure { "https" } else { "http" };
            told(&format!("{scheme}://{host}:{port}"));
        }
        allowed
    }
}

/// A store's data that has a program's HTTP.
pub trait HttpView: Send + 'static {
    /// What host functions work on.
    fn http(&mut self) -> HttpContextView<'_>;
}

/// A program's HTTP, with the table of its resources.
#[derive(Debug)]
pub struct HttpContextView<'a> {
    /// What it was granted.
    pub context: &'a mut HttpContext,
    /// What it has open, and other resources of the embedder's.
    pub table: &'a mut ResourceTable,
}

/// Says that host functions work on [`HttpContextView`].
#[derive(Debug)]
pub struct HasHttp;

impl HasData for HasHttp {
    type Data<'a> = HttpContextView<'a>;
}
