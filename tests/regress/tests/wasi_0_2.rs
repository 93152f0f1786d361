//! How interfaces of WASI 0.2 have failed: quotas, rights on the network, fields and addresses of HTTP, times. One module for
//! each class. Host functions are called as a component's calls arrive: with values that are lifted, and may be anything.

#![forbid(unsafe_code)]

#[path = "wasi_0_2/datagrams_to_strangers.rs"]
mod datagrams_to_strangers;
#[path = "wasi_0_2/fields_and_addresses.rs"]
mod fields_and_addresses;
#[path = "wasi_0_2/host_resources.rs"]
mod host_resources;
#[path = "wasi_0_2/times_out_of_range.rs"]
mod times_out_of_range;

use silica_component::ResourceTable;
use silica_wasi_http::{HttpContext, HttpContextView, HttpLimits};
use silica_wasi_p2::host::{Network, NetworkGrants, Quotas};
use silica_wasi_p2::{WasiContext, WasiContextBuilder, WasiContextView};

/// What host functions work on.
struct Host {
    wasi: WasiContext,
    http: HttpContext,
    table: ResourceTable,
}

impl Host {
    fn new(grants: WasiContextBuilder) -> Host {
        let granted = ["localhost", "[::1]:8080"].map(|grant| grant.parse().unwrap());
        Host {
            wasi: grants.build(),
            http: HttpContext::new(granted.to_vec(), HttpLimits::default()),
            table: ResourceTable::new(),
        }
    }

    fn wasi(&mut self) -> WasiContextView<'_> {
        WasiContextView {
            context: &mut self.wasi,
            table: &mut self.table,
        }
    }

    fn http(&mut self) -> HttpContextView<'_> {
        HttpContextView {
            context: &mut self.http,
            table: &mut self.table,
        }
    }
}

fn network(connect: &[&str], listen: &[&str], quotas: &Quotas) -> Network {
    let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    let grants = NetworkGrants {
        connect: parse(connect),
        listen: parse(listen),
    };
    Network::new(grants, quotas)
}
