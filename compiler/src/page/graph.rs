//! Who reads what: a row for each call in the order in which they run, and a lane for each result that is still to be
//! read, as histories of versions are drawn.

use super::kind::Kind;
use super::memory::legend;
use super::{MOST_CALLS, too_many};
use crate::back::plan::Plan;
use crate::back::report::{CallReport, Report, dims};
use crate::ir::program::{Program, Storage, View};
use crate::ir::{Printable, RemarkKind};
use maud::{Markup, html};
use std::collections::HashMap;

/// Height of a row and width of a lane.
const ROW: usize = 22;
const LANE: usize = 16;
/// Width of the text beside the lanes.
const TEXT: usize = 760;

/// The drawing, with a choice of its size.
pub(super) fn section(report: &Report, program: &Program, plan: &Plan) -> Markup {
    if report.calls.len() > MOST_CALLS {
        return too_many();
    }
    let drawing = Drawing::of(program, plan);
    let (width, height) = (drawing.lanes * LANE + TEXT, (report.calls.len() + 1) * ROW);
    html! {
        p { "A dot is a call, in the order in which they run; a line leads from a result to who reads it." }
        (legend())
        fieldset.zoom {
            legend { "Size" }
            @for (id, text) in [("half", "50 %"), ("whole", "100 %"), ("double", "200 %")] {
                input type="radio" name="zoom" id={ "zoom-" (id) } checked[id == "whole"];
                label for={ "zoom-" (id) } { (text) }
            }
        }
        div.graph tabindex="0" role="group" aria-label="Graph of the calls" {
            svg viewBox={ "0 0 " (width) " " (height) } style={ "--width:" (width) "px" } {
                @for edge in &drawing.edges { path d=(drawing.path(edge)) {} }
                @for (row, call) in report.calls.iter().enumerate() { (node(report, &drawing, row, call)) }
            }
        }
    }
}

fn node(report: &Report, drawing: &Drawing, row: usize, call: &CallReport) -> Markup {
    let (x, y) = drawing.place(row);
    let text = drawing.lanes * LANE + LANE / 2;
    let in_floats = report.remarks.iter().find(|remark| {
        let about = |node: &String| call.nodes.contains(node);
        remark.kind == RemarkKind::StaysInFloats && remark.node.as_ref().is_some_and(about)
    });
    html! {
        a href={ "#call" (call.number) } {
            circle class=(Kind::of(&call.kernel).class()) cx=(x) cy=(y) r="6" {}
            @if in_floats.is_some() { circle.floats cx=(x) cy=(y) r="9" {} }
            text x=(text) y=(y + 4) {
                tspan.name { (call.name) }
                tspan dx="8" { (call.dtype) " " (dims(&call.output)) }
                @if let Some(remark) = in_floats { tspan.floats dx="8" { (Printable(&remark.reason)) } }
                @else { tspan.node dx="8" { (Printable(&call.node)) } }
            }
        }
    }
}

/// A result that is read: the rows of both calls.
struct Edge {
    from: usize,
    to: usize,
}

/// Where everything is.
struct Drawing {
    lane_of: Vec<usize>,
    lanes: usize,
    edges: Vec<Edge>,
}

impl Drawing {
    fn of(program: &Program, plan: &Plan) -> Self {
        let edges = edges(program, plan);
        let rows = plan.order.len();
        let mut last_read: Vec<usize> = (0..rows).collect();
        let mut reads: Vec<Vec<usize>> = vec![vec![]; rows];
        for edge in &edges {
            last_read[edge.from] = last_read[edge.from].max(edge.to);
            reads[edge.to].push(edge.from);
        }
        // The row whose result each lane holds.
        let mut lanes: Vec<Option<usize>> = vec![];
        let mut lane_of = Vec::with_capacity(rows);
        for (row, reads) in reads.iter().enumerate() {
            let ends = |held: &Option<usize>| held.is_some_and(|from| last_read[from] <= row);
            // The lane of what ends here goes on, so that chains are straight.
            let goes_on = lanes
                .iter()
                .position(|held| ends(held) && held.is_some_and(|from| reads.contains(&from)));
            lanes.iter_mut().filter(|held| ends(held)).for_each(|held| *held = None);
            let lane = goes_on
                .or_else(|| lanes.iter().position(Option::is_none))
                .unwrap_or(lanes.len());
            if lane == lanes.len() {
                lanes.push(None);
            }
            lanes[lane] = Some(row);
            lane_of.push(lane);
        }
        Self {
            lane_of,
            lanes: lanes.len().max(1),
            edges,
        }
    }

    /// The middle of a row's dot.
    fn place(&self, row: usize) -> (usize, usize) {
        (self.lane_of[row] * LANE + LANE / 2, row * ROW + ROW / 2)
    }

    /// Down the lane of the result, and over to the lane of the reader.
    fn path(&self, edge: &Edge) -> String {
        let ((x, y), (to_x, to_y)) = (self.place(edge.from), self.place(edge.to));
        let turn = to_y - ROW;
        format!(
            "M{x} {y}V{turn}C{x} {} {to_x} {} {to_x} {to_y}",
            turn + ROW / 2,
            turn + ROW / 2
        )
    }
}

/// Each call that reads what another has written before it, once.
fn edges(program: &Program, plan: &Plan) -> Vec<Edge> {
    let mut written: HashMap<usize, Vec<(usize, View)>> = HashMap::new();
    let mut edges = vec![];
    for (to, index) in plan.order.iter().enumerate() {
        let call = &program.calls[*index];
        let mut from: Vec<usize> = call.inputs.iter().flat_map(|read| writers(&written, read)).collect();
        from.sort_unstable();
        from.dedup();
        edges.extend(from.into_iter().map(|from| Edge { from, to }));
        for view in &call.outputs {
            if program.buffer(view.buffer).storage == Storage::Arena {
                written.entry(view.buffer.0).or_default().push((to, *view));
            }
        }
    }
    edges
}

/// The calls that have written elements of a view.
fn writers(written: &HashMap<usize, Vec<(usize, View)>>, read: &View) -> Vec<usize> {
    let overlaps = |view: &View| view.offset < read.offset + read.len && read.offset < view.offset + view.len;
    let all = written.get(&read.buffer.0).into_iter().flatten();
    all.filter(|(_, view)| overlaps(view)).map(|(from, _)| *from).collect()
}
