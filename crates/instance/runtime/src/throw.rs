//! Exceptions on their way from where they are thrown to where they are handled.
//!
//! A throw walks the frames of the store's innermost activation by their frame pointers, from where compiled code was
//! left, and goes on at the first handler that the images list for a return address. Where it comes to the frame that the
//! host entered, the call ends with [`CallError::Exception`](crate::CallError); if the host function that made that call
//! returns [`ThrownException`](crate::ThrownException), the walk goes on in the activation around it. No frame of Rust code is ever skipped
//! but those of the builtin or host routine that throws, which has nothing left to drop.
//!
//! The exception on its way is [`State::exception`], so that the collector knows it between two activations.

use crate::{
    code,
    computation::Computation,
    entry::{Activation, resume_handler},
    state::State,
};

/// Where an exception goes on.
struct Landing {
    /// In which of the computations that run in the activation; null for the activation's own stack.
    computation: *mut Computation,
    pc: usize,
    frame: usize,
    stack: usize,
}

/// The innermost frame of an activation that handles exceptions.
///
/// # Safety
/// `activation` is the store's innermost, `pc` and `frame` are where its code was left and the frame pointer there.
unsafe fn find(activation: &Activation, pc: usize, frame: usize) -> Option<Landing> {
    let (mut pc, mut frame) = (pc, frame);
    let mut computation = activation.computation;
    // SAFETY: what runs in an activation is alive. Where no frame on its stack handles the exception, it comes out of the call that
    // has resumed it.
    unsafe {
        while let Some(running) = computation.as_ref() {
            let end = Activation::of(running).entry_frame();
            let landing = find_on_stack(computation, end, pc, frame);
            if landing.is_some() {
                return landing;
            }
            (pc, frame) = (running.resumer.pc, running.resumer.frame);
            computation = running.parent;
        }
        find_on_stack(computation, activation.entry_frame(), pc, frame)
    }
}

/// As [`find`], on the stack of one computation, up to the frame that compiled code was entered in.
///
/// # Safety
/// `pc` and `frame` are where code was left that was entered with the frame pointer `end`.
unsafe fn find_on_stack(
    computation: *mut Computation,
    end: usize,
    mut pc: usize,
    mut frame: usize,
) -> Option<Landing> {
    // SAFETY: compiled code keeps a frame pointer, so that each frame begins with the caller's frame pointer and
    // the return address, up to the frame that `enter` called with. A frame pointer that does not go up is none.
    unsafe {
        while frame != end && frame.is_multiple_of(8) && frame != 0 {
            if let Some((handler, frame_bytes)) = code::find_handler(pc) {
                return Some(Landing {
                    computation,
                    pc: handler,
                    frame,
                    stack: frame - frame_bytes as usize,
                });
            }
            let next = *(frame as *const usize);
            if next <= frame {
                return None;
            }
            pc = *((frame + 8) as *const usize);
            frame = next;
        }
    }
    None
}

/// Goes on with the store's pending exception at its handler; returns if the innermost call from the host has none.
///
/// # Safety
/// `state` is the store of this thread's current activation, whose code has called the host and waits, and no frame since
/// has anything left to drop.
pub(crate) unsafe fn go_on(state: *mut State) {
    // SAFETY: see above: the store's code waits where it was left.
    unsafe {
        let activation = (*state).fields.activation;
        let (pc, frame) = ((*state).fields.exit_pc, (*state).fields.exit_frame);
        if let Some(landing) = find(&*activation, pc, frame) {
            (*state).end_computations(activation, landing.computation);
            let exception = std::mem::take(&mut (*state).exception);
            resume_handler(
                landing.pc,
                landing.frame,
                landing.stack,
                exception.into(),
                (*state).fields.fuel,
            );
        }
    }
}
