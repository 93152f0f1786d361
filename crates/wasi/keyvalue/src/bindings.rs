//! What `bindgen!` makes of the interfaces.

#![allow(
    missing_docs,
    reason = "what is here is described in the WIT that it is made of"
)]

silica_component::bindgen!({
    path: "../../../wit/drafts/keyvalue.wit",
    world: "wasi:keyvalue/imports",
    imports: { default: trappable },
    with: { "wasi:keyvalue/store/bucket": crate::BucketHandle },
    trappable_error_type: { "wasi:keyvalue/store/error" => crate::Error },
    component_crate: silica_component,
});
