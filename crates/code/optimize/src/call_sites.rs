//! What Cranelift says of a function's calls, as [`silica_contract::call_sites`] has it: references in the frame, and handlers.

use cranelift_codegen::{CompiledCode, FinalizedMachExceptionHandler};
use silica_contract::call_sites::{Handler, Run, SLOT_BYTES, StackMap};

use crate::{Error, backend::ObjectsInMemory};

/// Bytes of stack that a call takes, without the return address and the saved frame pointer.
pub(crate) fn frame_bytes(code: &CompiledCode) -> u32 {
    let layout = code.buffer.frame_layout();
    layout.map_or(0, |layout| layout.frame_to_fp_offset)
}

/// References in the frame at each call that keeps any, `objects` at every call. All are slots of one frame, which is
/// the same at each of its calls.
pub(crate) fn stack_maps(code: &CompiledCode, objects: &[ObjectsInMemory]) -> Vec<StackMap> {
    let frame = frame_bytes(code);
    let always: Vec<Run> = (objects.iter())
        .filter_map(|objects| {
            let slot = code.buffer.frame_layout()?.stackslots[objects.slot].offset;
            Some(Run {
                below: frame - slot - objects.offset,
                count: objects.count,
            })
        })
        .collect();
    let mut maps: Vec<StackMap> = (code.buffer.user_stack_maps().iter())
        .map(|(return_offset, _, map)| StackMap {
            return_offset: *return_offset,
            runs: runs(map.entries().map(|(_, above)| frame - above)),
            always: always.clone(),
        })
        .collect();
    if !always.is_empty() {
        let with_map: Vec<u32> = maps.iter().map(|map| map.return_offset).collect();
        let others = code.buffer.call_sites().map(|site| site.ret_addr);
        let others = others.filter(|offset| with_map.binary_search(offset).is_err());
        maps.extend(others.map(|return_offset| StackMap {
            return_offset,
            runs: Vec::new(),
            always: always.clone(),
        }));
    }
    maps.sort_unstable_by_key(|map| map.return_offset);
    maps
}

/// Places in rows. They come from the lowest address up.
fn runs(places: impl Iterator<Item = u32>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for below in places {
        match runs.last_mut() {
            Some(run) if run.below == below + run.count * SLOT_BYTES => run.count += 1,
            _ => runs.push(Run { below, count: 1 }),
        }
    }
    runs
}

/// Where exceptions of calls go on.
pub(crate) fn handlers(code: &CompiledCode) -> Result<Vec<Handler>, Error> {
    let mut handlers = Vec::new();
    for site in code.buffer.call_sites() {
        let handler_offset = match site.exception_handlers {
            [] => continue,
            [FinalizedMachExceptionHandler::Default(offset)] => *offset,
            _ => return Err(Error::Internal("a call with several handlers".into())),
        };
        handlers.push(Handler {
            return_offset: site.ret_addr,
            handler_offset,
            frame_bytes: (site.frame_offset)
                .ok_or_else(|| Error::Internal("a handler in a frame of unknown size".into()))?,
        });
    }
    handlers.sort_unstable_by_key(|handler| handler.return_offset);
    Ok(handlers)
}
