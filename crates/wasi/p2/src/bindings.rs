//! What `bindgen!` makes of the interfaces: types, traits that this crate implements, and what adds them to a linker.

#![allow(
    missing_docs,
    reason = "what is here is described in the WIT that it is made of"
)]

silica_component::bindgen!({
    path: [
        "../../../wit/0.2.12/io.wit",
        "../../../wit/0.2.12/clocks.wit",
        "../../../wit/0.2.12/random.wit",
        "../../../wit/0.2.12/filesystem.wit",
        "../../../wit/0.2.12/sockets.wit",
        "../../../wit/0.2.12/cli.wit",
    ],
    inline: "
        package silica:wasi;
        world system {
            import wasi:io/error@0.2.12;
            import wasi:io/poll@0.2.12;
            import wasi:io/streams@0.2.12;
            import wasi:clocks/wall-clock@0.2.12;
            import wasi:clocks/monotonic-clock@0.2.12;
            import wasi:random/random@0.2.12;
            import wasi:random/insecure@0.2.12;
            import wasi:random/insecure-seed@0.2.12;
            import wasi:filesystem/types@0.2.12;
            import wasi:filesystem/preopens@0.2.12;
            import wasi:sockets/network@0.2.12;
            import wasi:sockets/instance-network@0.2.12;
            import wasi:sockets/ip-name-lookup@0.2.12;
            import wasi:sockets/tcp@0.2.12;
            import wasi:sockets/tcp-create-socket@0.2.12;
            import wasi:sockets/udp@0.2.12;
            import wasi:sockets/udp-create-socket@0.2.12;
            import wasi:cli/environment@0.2.12;
            import wasi:cli/exit@0.2.12;
            import wasi:cli/stdin@0.2.12;
            import wasi:cli/stdout@0.2.12;
            import wasi:cli/stderr@0.2.12;
            import wasi:cli/terminal-input@0.2.12;
            import wasi:cli/terminal-output@0.2.12;
            import wasi:cli/terminal-stdin@0.2.12;
            import wasi:cli/terminal-stdout@0.2.12;
            import wasi:cli/terminal-stderr@0.2.12;
        }
    ",
    world: "silica:wasi/system",
    imports: { default: trappable },
    with: {
        "wasi:io/error/error": crate::io::IoError,
        "wasi:io/poll/pollable": crate::io::Pollable,
        "wasi:io/streams/input-stream": crate::io::InputStream,
        "wasi:io/streams/output-stream": crate::io::OutputStream,
        "wasi:filesystem/types/descriptor": crate::filesystem::Descriptor,
        "wasi:filesystem/types/directory-entry-stream": crate::filesystem::DirectoryEntryStream,
        "wasi:sockets/network/network": crate::sockets::Network,
        "wasi:sockets/tcp/tcp-socket": crate::sockets::TcpSocket,
        "wasi:sockets/udp/udp-socket": crate::sockets::UdpSocket,
        "wasi:sockets/udp/incoming-datagram-stream": crate::sockets::IncomingDatagramStream,
        "wasi:sockets/udp/outgoing-datagram-stream": crate::sockets::OutgoingDatagramStream,
        "wasi:sockets/ip-name-lookup/resolve-address-stream": crate::sockets::ResolveAddressStream,
        "wasi:cli/terminal-input/terminal-input": crate::cli::TerminalInput,
        "wasi:cli/terminal-output/terminal-output": crate::cli::TerminalOutput,
    },
    trappable_error_type: {
        "wasi:io/streams/stream-error" => crate::io::StreamError,
        "wasi:filesystem/types/error-code" => crate::filesystem::FsError,
        "wasi:sockets/network/error-code" => crate::sockets::SocketError,
    },
    component_crate: silica_component,
});

/// Those of `wasi:config`, which is a draft.
pub mod config {
    silica_component::bindgen!({
        path: "../../../wit/drafts/config.wit",
        world: "wasi:config/imports",
        imports: { default: trappable },
        component_crate: silica_component,
    });
}
