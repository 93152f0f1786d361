//! The runtime's record of an instance, and the context that its code gets.

use std::{alloc::Layout, ptr::NonNull};

use smallvec::SmallVec;

use silica_contract::layout::{self, Slot, header};

use crate::{
    CompiledModule,
    entries::{FunctionReference, GlobalPlace},
    entry::StoreFields,
    heap::{Damaged, Visit},
    memory::{MemoryDefinition, SharedMemory},
};

/// A memory of an instance's index space.
#[derive(Clone)]
pub(crate) enum MemoryRef {
    /// Of the store, by number.
    Store(u32),
    Shared(SharedMemory),
}

/// The runtime's record of an instance. Its context points to it.
pub(crate) struct InstanceRecord {
    context: Context,
    module: CompiledModule,
    /// The store.
    pub(crate) state: *mut StoreFields,
    /// Its number in the store.
    pub(crate) index: u32,
    pub(crate) memories: SmallVec<[MemoryRef; 1]>,
    /// Tables of the store, by number.
    pub(crate) tables: SmallVec<[u32; 4]>,
    /// Tags of the store, by number.
    pub(crate) tags: SmallVec<[u32; 4]>,
    pub(crate) imported_globals: Box<[GlobalPlace]>,
    /// Element segments that were dropped.
    pub(crate) dropped_elements: SmallVec<[bool; 8]>,
    /// The elements of segments of objects, which are made with the instance; `None` for other segments, and for dropped ones.
    pub(crate) objects: Vec<Option<Box<[u32]>>>,
    /// Data segments that were dropped.
    pub(crate) dropped_data: SmallVec<[bool; 8]>,
}

// SAFETY: the pointers are to the store that owns the record and to the record's own context, followed
// only by who has the store.
unsafe impl Send for InstanceRecord {}
// SAFETY: as above.
unsafe impl Sync for InstanceRecord {}

/// The memory that compiled code gets a pointer to.
struct Context {
    start: NonNull<u8>,
    layout: Layout,
}

impl Context {
    fn new(template: &[u8]) -> Context {
        let layout = Layout::from_size_align(template.len().max(header::BYTES as usize), 16)
            .expect("a context's layout fits in an image, and so in memory");
        // SAFETY: the layout is not empty; the copy stays within both.
        unsafe {
            let Some(start) = NonNull::new(std::alloc::alloc(layout)) else {
                std::alloc::handle_alloc_error(layout);
            };
            std::ptr::copy_nonoverlapping(template.as_ptr(), start.as_ptr(), template.len());
            Context { start, layout }
        }
    }

    /// A pointer to a `T` at this offset.
    fn at<T>(&self, offset: u32) -> *mut T {
        let end = offset as usize + size_of::<T>();
        assert!(
            end <= self.layout.size(),
            "the layout keeps every place within the context"
        );
        self.start.as_ptr().wrapping_add(offset as usize).cast()
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout in `new`.
        unsafe { std::alloc::dealloc(self.start.as_ptr(), self.layout) };
    }
}

impl InstanceRecord {
    /// A record with a context in which all that is the same in every instance is set. It has to be
    /// [`InstanceRecord::connect`]ed before code runs.
    pub(crate) fn new(
        module: &CompiledModule,
        state: *mut StoreFields,
        index: u32,
    ) -> Box<InstanceRecord> {
        let description = module.module();
        Box::new(InstanceRecord {
            context: Context::new(module.template()),
            state,
            index,
            memories: SmallVec::new(),
            tables: SmallVec::new(),
            tags: SmallVec::new(),
            imported_globals: Box::new([]),
            dropped_elements: SmallVec::from_elem(false, description.elements.len()),
            objects: Vec::new(),
            dropped_data: SmallVec::from_elem(false, description.data.len()),
            module: module.clone(),
        })
    }

    /// Sets the header of the context, and the context of its own functions.
    pub(crate) fn connect(&mut self, store: *mut StoreFields, builtins: *const usize) {
        let record: *mut InstanceRecord = self;
        self.put(header::STORE, store);
        self.put(header::BUILTINS, builtins);
        self.put(header::INSTANCE, record);
        let context = self.context();
        let module = self.module.clone();
        for (place, function) in module.module().escaping_functions.iter().enumerate() {
            if module.module().defined_function(*function).is_some() {
                let reference = module.layout().reference(place as u32);
                self.put(reference + layout::function::CONTEXT, context);
            }
        }
    }

    /// Tells each reference to an object, for the collector, and puts what it gets in its place.
    pub(crate) fn visit_objects(&mut self, visit: &mut Visit<'_>) -> Result<(), Damaged> {
        for index in self.module.object_globals() {
            let place = self.global_address(*index).cast::<u32>();
            // SAFETY: the global is the record's own, and no code runs while the record is borrowed exclusively.
            unsafe { *place = visit(*place)? };
        }
        for element in self.objects.iter_mut().flatten().flatten() {
            *element = visit(*element)?;
        }
        Ok(())
    }

    /// Drops an element segment.
    pub(crate) fn drop_elements(&mut self, segment: usize) {
        self.dropped_elements[segment] = true;
        if let Some(objects) = self.objects.get_mut(segment) {
            *objects = None;
        }
    }

    /// The module that it is an instance of.
    pub(crate) fn module(&self) -> &CompiledModule {
        &self.module
    }

    /// What compiled code gets.
    pub(crate) fn context(&self) -> *mut u8 {
        self.context.start.as_ptr()
    }

    /// Writes a field of the context.
    pub(crate) fn put<T: Copy>(&mut self, offset: u32, value: T) {
        // SAFETY: `at` checks the bounds; the context is this record's own, and no code runs while the
        // record is borrowed exclusively.
        unsafe { self.context.at::<T>(offset).write_unaligned(value) };
    }

    /// The reference of an escaping function; null for another function.
    pub(crate) fn reference(&self, function: u32) -> *mut FunctionReference {
        match self.module.escaping_index(function) {
            Some(place) => self.context.at(self.module.layout().reference(place)),
            None => std::ptr::null_mut(),
        }
    }

    /// Where the definition of a memory of the module's own is; null where it is elsewhere.
    pub(crate) fn memory_definition(&self, index: u32) -> *mut MemoryDefinition {
        match self.module.layout().memory(index) {
            Slot::Inline(offset) => self.context.at(offset),
            Slot::Pointer(_) => std::ptr::null_mut(),
        }
    }

    /// Where a table's definition is; null where it is elsewhere.
    pub(crate) fn table_definition<T>(&self, index: u32) -> *mut T {
        match self.module.layout().table(index) {
            Slot::Inline(offset) => self.context.at(offset),
            Slot::Pointer(_) => std::ptr::null_mut(),
        }
    }

    /// Where a global's value is.
    pub(crate) fn global_address(&self, index: u32) -> *mut u128 {
        match self.module.layout().global(index) {
            Slot::Inline(offset) => self.context.at(offset),
            // SAFETY: `at` checks the bounds; an imported global's place holds the address of its value.
            Slot::Pointer(offset) => unsafe { self.context.at::<*mut u128>(offset).read() },
        }
    }
}
