//! What looks at a whole window: the newest frames, so many of them.

use super::frames::{Latest, Role, Timed};
use super::walk::{Refused, Walk};
use crate::ir::{NodeId, Operator};

impl Walk<'_> {
    /// `operator` over the last `rows` frames.
    pub(super) fn whole(
        &mut self,
        id: NodeId,
        rows: usize,
        operator: Box<dyn Operator>,
        timed: &[Option<Timed>],
    ) -> Result<Vec<Role>, Refused> {
        let mut inputs = self.operands(id, timed);
        for (input, x) in inputs.iter_mut().zip(timed) {
            let Some(x) = x else { continue };
            let missing = rows.saturating_sub(x.frames);
            *input = Some(match missing {
                0 => self.part(id, x, x.value, [x.frames - rows, 1, rows])?,
                _ => self.with_history(id, x, missing, None)?,
            });
        }
        let x = self.first(id, timed)?;
        if rows > 1 {
            self.note_edges(id, &x, rows);
        }
        let values = self.add_all(id, operator, &inputs)?;
        let delay = self.lateness(&x);
        let latest = values
            .into_iter()
            .map(|value| Role::Latest(Latest { value, delay, of: id }));
        Ok(latest.collect())
    }

    /// How many frames of the first streamed input after the last of a window its last frame of `x` is there.
    pub(super) fn lateness(&self, x: &Timed) -> isize {
        ((x.window + x.delay) * x.stride) as isize - self.window as isize
    }
}
