//! Data that outlives compilation: initial contents of memories, and the module's bytes that are kept.
//!
//! The leading active data segments whose place is a constant become the initial contents of their
//! memories, ready to be mapped. All others are kept to be copied when the module is instantiated.

use silica_contract::{
    image::{ALIGNMENT, MemoryImage, Metadata},
    settings::Settings,
};
use silica_module::{ByteRange, ConstOperator, DataMode, DataSegment, Module};

/// A memory's initial contents may be so many bytes, and so many times its data, larger than its data.
const SLACK_BYTES: u64 = 64 << 10;
const SLACK_FACTOR: u64 = 2;

const CODE_SECTION: u8 = 10;
const HEADER_BYTES: usize = 8;

/// What of an image's parts concerns data.
#[derive(Debug)]
pub(crate) struct DataLayout {
    /// The module, its ranges pointing into `kept`.
    pub(crate) module: Module,
    pub(crate) memory_images: Vec<MemoryImage>,
    pub(crate) data_in_images: u32,
    pub(crate) memories: Vec<u8>,
    pub(crate) kept: Vec<u8>,
}

/// An image's metadata, and the parts that it points into.
#[derive(Debug)]
pub(crate) struct DataParts {
    pub(crate) metadata: Metadata,
    pub(crate) memories: Vec<u8>,
    pub(crate) kept: Vec<u8>,
}

impl DataLayout {
    /// With the rest of what an image says of the module that `bytes` are.
    pub(crate) fn with(self, bytes: &[u8], settings: &Settings) -> DataParts {
        DataParts {
            metadata: Metadata {
                engine_version: env!("CARGO_PKG_VERSION").to_owned(),
                settings: settings.clone(),
                module: self.module,
                code_section_start: code_section_start(bytes),
                memory_images: self.memory_images,
                data_in_images: self.data_in_images,
            },
            memories: self.memories,
            kept: self.kept,
        }
    }
}

/// Decides what becomes of the module's data.
pub(crate) fn lay_out(module: Module, bytes: &[u8]) -> DataLayout {
    let (mut layout, images) = images_of(module, bytes);
    layout.kept = keep(&mut layout.module, bytes, &images);
    layout
}

/// As [`lay_out`], for whoever keeps all of the module's bytes: its ranges go on pointing into them.
pub(crate) fn lay_out_in_place(module: Module, bytes: &[u8]) -> DataLayout {
    let (mut layout, images) = images_of(module, bytes);
    for (segment, _, _) in images.placed {
        layout.module.data[segment].bytes = ByteRange::default();
    }
    layout
}

fn images_of(module: Module, bytes: &[u8]) -> (DataLayout, Images) {
    let images = Images::choose(&module);
    let (memory_images, memories) = images.write(&module, bytes);
    let layout = DataLayout {
        module,
        memory_images,
        data_in_images: images.placed.len() as u32,
        memories,
        kept: Vec::new(),
    };
    (layout, images)
}

/// The part of a memory that segments write to.
#[derive(Clone, Copy, Debug)]
struct Extent {
    memory: u32,
    start: u64,
    end: u64,
    data_bytes: u64,
}

impl Extent {
    fn aligned(&self) -> (u64, u64) {
        let align = ALIGNMENT as u64;
        (self.start / align * align, self.end.next_multiple_of(align))
    }

    fn is_dense(&self) -> bool {
        let (start, end) = self.aligned();
        end - start <= self.data_bytes * SLACK_FACTOR + SLACK_BYTES
    }
}

/// Segments that become initial contents.
#[derive(Debug, Default)]
struct Images {
    extents: Vec<Extent>,
    /// Index of the segment, its memory and address: the leading active segments, in order.
    placed: Vec<(usize, u32, u64)>,
}

impl Images {
    fn choose(module: &Module) -> Images {
        let mut images = Images::default();
        for (index, segment) in module.data.iter().enumerate() {
            let DataMode::Active { memory, .. } = segment.mode else {
                continue;
            };
            let Some(address) = constant_address(module, segment) else {
                break;
            };
            if !images.add(memory, address, u64::from(length(segment))) {
                break;
            }
            images.placed.push((index, memory, address));
        }
        images
    }

    /// Takes a segment in, unless that leaves too many bytes between segments.
    fn add(&mut self, memory: u32, address: u64, bytes: u64) -> bool {
        if bytes == 0 {
            return true;
        }
        let known = self.extents.iter().position(|e| e.memory == memory);
        let mut extent = match known {
            Some(index) => self.extents[index],
            None => Extent {
                memory,
                start: address,
                end: address,
                data_bytes: 0,
            },
        };
        extent.start = extent.start.min(address);
        extent.end = extent.end.max(address + bytes);
        extent.data_bytes += bytes;
        if !extent.is_dense() {
            return false;
        }
        match known {
            Some(index) => self.extents[index] = extent,
            None => self.extents.push(extent),
        }
        true
    }

    fn write(&self, module: &Module, bytes: &[u8]) -> (Vec<MemoryImage>, Vec<u8>) {
        let mut memories = Vec::new();
        let mut memory_images = Vec::new();
        for extent in &self.extents {
            let (start, end) = extent.aligned();
            let at = memories.len();
            memories.resize(at + (end - start) as usize, 0);
            for (index, _, address) in self.placed.iter().filter(|p| p.1 == extent.memory) {
                let data = &bytes[module.data[*index].bytes.indices()];
                let to = at + (address.saturating_sub(start)) as usize;
                if !data.is_empty() {
                    memories[to..to + data.len()].copy_from_slice(data);
                }
            }
            memory_images.push(MemoryImage {
                memory: extent.memory,
                address: start,
                bytes: ByteRange {
                    start: at as u32,
                    end: memories.len() as u32,
                },
            });
        }
        (memory_images, memories)
    }

    fn contains(&self, segment: usize) -> bool {
        self.placed
            .binary_search_by_key(&segment, |placed| placed.0)
            .is_ok()
    }
}

fn length(segment: &DataSegment) -> u32 {
    segment.bytes.end - segment.bytes.start
}

/// Where an active segment goes, if that is known, in bounds, and in a memory that is this module's alone.
fn constant_address(module: &Module, segment: &DataSegment) -> Option<u64> {
    let DataMode::Active { memory, offset } = &segment.mode else {
        return None;
    };
    let ty = &module.memories[*memory as usize];
    if *memory < module.imported_memories || ty.shared {
        return None;
    }
    // An image ends at a multiple of the alignment, which must not be past the memory's end.
    if ty.page_size_log2 < ALIGNMENT.trailing_zeros() as u8 {
        return None;
    }
    let address = match offset.operators[..] {
        [ConstOperator::I32Const(address)] => u64::from(address as u32),
        [ConstOperator::I64Const(address)] => address as u64,
        _ => return None,
    };
    let size = u128::from(ty.min) << ty.page_size_log2;
    let end = u128::from(address) + u128::from(length(segment));
    (end <= size).then_some(address)
}

/// Copies the bytes that outlive compilation, and lets the module's ranges point to the copies.
fn keep(module: &mut Module, bytes: &[u8], images: &Images) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut copy = |range: ByteRange| {
        let start = kept.len() as u32;
        kept.extend_from_slice(&bytes[range.indices()]);
        ByteRange {
            start,
            end: kept.len() as u32,
        }
    };
    for (index, segment) in module.data.iter_mut().enumerate() {
        segment.bytes = match images.contains(index) {
            true => ByteRange::default(),
            false => copy(segment.bytes),
        };
    }
    let mut names = None;
    for section in &mut module.custom_sections {
        let old = section.bytes;
        section.bytes = copy(old);
        if let Some(range) = module.names
            && old.start <= range.start
            && range.end <= old.end
        {
            names = Some(ByteRange {
                start: section.bytes.start + (range.start - old.start),
                end: section.bytes.start + (range.end - old.start),
            });
        }
    }
    module.names = names.or_else(|| module.names.map(&mut copy));
    kept
}

/// Where the contents of the code section begin in a decoded module; 0 if it has none.
fn code_section_start(bytes: &[u8]) -> u32 {
    let mut at = HEADER_BYTES;
    while let Some(id) = bytes.get(at) {
        let Some((size, start)) = leb128(bytes, at + 1) else {
            break;
        };
        if *id == CODE_SECTION {
            return start as u32;
        }
        at = start.saturating_add(size as usize);
    }
    0
}

/// An unsigned 32-bit number, and where it ends.
fn leb128(bytes: &[u8], mut at: usize) -> Option<(u32, usize)> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.get(at)?;
        at += 1;
        value |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some((value, at));
        }
    }
    None
}
