//! Functions that are entered at one of their loops, because other code of theirs was there already.
//!
//! All of the function is described, as if control could come from its beginning, too: what can be reached from the loop is then right,
//! and what cannot is taken out by the backend. The entrance is one more edge to the loop's header. What was computed
//! before the loop and is used behind it does not lie on that edge, so the operands below each construct are kept in locals from its
//! beginning to its end: locals have a value on every edge. Operands below a construct cannot be used within it.

use silica_operator::MachineType;

use crate::{Backend, TranslateError, frame::FrameKind, function::Translator};

impl<B: Backend> Translator<'_, '_, '_, B> {
    /// Keeps the operands up to this height in locals: a construct begins whose `end` they will be used behind.
    pub(crate) fn keep_operands(&mut self, height: usize) -> Result<(), TranslateError> {
        if self.entrance.is_none() || !self.reachable {
            return Ok(());
        }
        let first = self.kept.len();
        self.spend_branch_values(height.saturating_sub(first))?;
        for index in first..height {
            let operand = &self.operands[index];
            let (ty, copy) = (operand.ty, self.backend.duplicate(&operand.value));
            let local = self.backend.add_local(ty);
            self.backend.local_set(local, copy);
            self.kept.push(local);
        }
        Ok(())
    }

    /// Brings the operands back that a construct was above, down to those below the one around it.
    pub(crate) fn restore_operands(&mut self, height: usize) {
        if self.entrance.is_none() {
            return;
        }
        let outer = self.frames.last().map_or(0, |frame| frame.height);
        if self.reachable {
            for index in outer..height {
                self.operands[index].value = self.backend.local_get(self.kept[index]);
            }
        }
        self.kept.truncate(outer);
    }

    /// At the loop that the function is entered at: the edge from the entrance. The block at hand has ended.
    pub(crate) fn enter_from_outside(
        &mut self,
        header: B::Block,
        params: &[MachineType],
    ) -> Result<(), TranslateError> {
        if self.entrance.map(u64::from) != Some(self.offset) {
            return Ok(());
        }
        // What a clause has caught is not among what is passed.
        let is_clause = |kind: &FrameKind<B::Block, B::Value>| matches!(kind, FrameKind::Catch(_));
        if self.frames.iter().any(|frame| is_clause(&frame.kind)) {
            return Err(TranslateError::Unsupported {
                operator: "entering a loop within a clause of `try`".to_owned(),
                offset: self.offset,
            });
        }
        self.backend.enter_at(header, &self.kept, params);
        Ok(())
    }

    /// Goes on at the header of a loop, whose parameters become operands.
    pub(crate) fn turn_at(&mut self, header: B::Block, params: &[MachineType]) {
        let mut operands = self.operands.iter().map(|operand| &operand.value);
        let values = self.backend.enter_loop(header, &mut operands);
        self.reachable = true;
        for (value, ty) in values.into_iter().zip(params) {
            self.push(*ty, value);
        }
    }
}
