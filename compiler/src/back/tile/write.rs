//! The calls of tiles, over buffers of their own.

use super::segment::{SegmentBuffers, Tile, Tiled};
use crate::bindings::Copy;
use crate::ir::program::{Buffer, BufferId, Call, Instance, Portion, Program, Storage, View};
use std::collections::BTreeMap;
use std::ops::Range;

/// Writes the calls of tiles over buffers of their own.
pub(super) struct Writer<'a> {
    program: &'a Program,
    tiles: Vec<Tile>,
    buffers: Vec<Buffer>,
    calls: Vec<Call>,
    copied: u64,
}

impl<'a> Writer<'a> {
    pub(super) fn new(program: &'a Program, tiles: Vec<Tile>) -> Self {
        Self {
            program,
            tiles,
            buffers: vec![],
            calls: vec![],
            copied: 0,
        }
    }

    pub(super) fn write(mut self, inside: &[Call], buffers: &SegmentBuffers) -> Tiled {
        let tiles = std::mem::take(&mut self.tiles);
        let mut last_writer: BTreeMap<BufferId, usize> = BTreeMap::new();
        for (index, call) in inside.iter().enumerate() {
            last_writer.insert(call.outputs[0].buffer, index);
        }
        let mut kept: BTreeMap<BufferId, View> = BTreeMap::new();
        let count = tiles.len();
        let next_kept: Vec<BTreeMap<BufferId, Range<usize>>> = tiles
            .iter()
            .skip(1)
            .map(|tile| tile.kept.clone())
            .chain([BTreeMap::new()])
            .collect();
        for (number, (tile, next)) in (1..).zip(tiles.into_iter().zip(next_kept)) {
            let of_tiles = |part: Portion| Portion {
                tile: Some([number, count]),
                ..part
            };
            // Where the buffers of this tile are.
            let mut own: BTreeMap<BufferId, BufferId> = BTreeMap::new();
            for (index, made) in tile.parts.into_iter().enumerate() {
                let written = inside[index].outputs[0].buffer;
                if buffers.between.contains(&written) && !own.contains_key(&written) {
                    let needed = &tile.needed[&written];
                    own.insert(written, self.add_rows(written, needed.len()));
                    if let (Some(range), Some(from)) = (tile.kept.get(&written), kept.remove(&written)) {
                        let to = View {
                            buffer: own[&written],
                            offset: range.start - needed.start,
                            len: range.len(),
                        };
                        self.copy(from, to, &inside[index], None);
                    }
                }
                if let Some(mut call) = made {
                    self.place(&mut call, &own, &tile.needed);
                    call.part = call.part.map(of_tiles);
                    self.calls.push(call);
                }
                if let Some(range) = next.get(&written).filter(|_| last_writer[&written] == index) {
                    let from = View {
                        buffer: own[&written],
                        offset: range.start - tile.needed[&written].start,
                        len: range.len(),
                    };
                    let to = View {
                        buffer: self.add_rows(written, range.len()),
                        offset: 0,
                        len: range.len(),
                    };
                    self.copy(from, to, &inside[index], kept_rows(&inside[index], range).map(of_tiles));
                    kept.insert(written, to);
                }
            }
        }
        Tiled {
            macs: self.calls.iter().map(|call| call.macs).sum(),
            calls: self.calls,
            buffers: self.buffers,
            tiles: count,
            copied: self.copied,
        }
    }

    /// A buffer for some elements of another.
    fn add_rows(&mut self, of: BufferId, len: usize) -> BufferId {
        let whole = self.program.buffer(of);
        self.add(Buffer {
            name: whole.name.clone(),
            role: whole.role,
            dtype: whole.dtype,
            len,
            storage: Storage::Arena,
        })
    }

    fn add(&mut self, buffer: Buffer) -> BufferId {
        self.buffers.push(buffer);
        BufferId(self.program.buffers.len() + self.buffers.len() - 1)
    }

    /// Has a part read and write the buffers of its tile, and temporaries of its own.
    fn place(
        &mut self,
        call: &mut Call,
        own: &BTreeMap<BufferId, BufferId>,
        needed: &BTreeMap<BufferId, Range<usize>>,
    ) {
        for view in call.inputs.iter_mut().chain(call.outputs.iter_mut().take(1)) {
            if let (Some(buffer), Some(needed)) = (own.get(&view.buffer), needed.get(&view.buffer)) {
                view.buffer = *buffer;
                view.offset -= needed.start;
            }
        }
        for index in 1..call.outputs.len() {
            let whole = self.program.buffer(call.outputs[index].buffer);
            call.outputs[index].buffer = self.add(whole.clone());
        }
    }

    /// Copies elements that the next tile reads.
    fn copy(&mut self, from: View, to: View, of: &Call, part: Option<Portion>) {
        let buffer = &self.buffers[to.buffer.0 - self.program.buffers.len()];
        self.copied += (to.len * buffer.dtype.size()) as u64;
        let dtype = buffer.dtype;
        self.calls.push(Call {
            kernel: Box::new(Copy::of(dtype)),
            inputs: vec![from],
            outputs: vec![to],
            in_place: None,
            name: of.name.clone(),
            origin: of.origin.clone(),
            operands: vec![],
            shape: vec![to.len],
            steps: of.steps,
            macs: 0,
            choice: None,
            instance: Instance::default(),
            part,
        });
    }
}

/// Elements of what a call gives, as rows of it.
fn kept_rows(call: &Call, elements: &Range<usize>) -> Option<Portion> {
    let row = call.kernel.row()?.max(1);
    Some(Portion {
        rows: elements.start / row..elements.end.div_ceil(row),
        of: call.outputs[0].len / row,
        tile: None,
        kept: true,
    })
}
